#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Loads and unloads of rules, and who may change them: ebpf-load --cgroup, --admin-group, --unload. The tests load only
# cgroups that they have made.
# shellcheck disable=SC2154 # set by helper.bash
load helper
load policy

admins=60691 # gid of the admin group

@test "another load and an unload under traffic: no window" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	start_act ruled pp-ruled <<-'END'
		while not os.path.exists('over'):
		    if attempt(connect, 8081) != 'EPERM': print('leak 8081', flush=True)
		    how = attempt(lambda: send_and_hear(connect(8080))); how == 'ok' or print('refused 8080', how, flush=True)
		    count += 1
		print(count > 20)
		said('seen'); wait_for('unloaded')
		print(attempt(connect, 8081))
	END
	for ((i = 0; i < 10; i++)); do
		outdate_cgroup 0
		loader --cgroup "$cgroup" 2>"said"
		grep -q 'programs replaced' said
	done
	touch over
	wait_until [ -e seen ]
	head -3 "$(out ruled)" >&2
	unload
	touch unloaded
	finish ruled
	[ "$(<"$(out ruled)")" = $'True\nok' ]
}

@test "a cgroup that was deleted and made again: status says so, the next load repairs it" {
	mkdir "$cgroup/again"
	given --cgroup "$cgroup/again"
	rmdir "$cgroup/again"
	[ "$(ctl status --json | jq -r '.cgroups[0].state')" = gone ]
	mkdir "$cgroup/again"
	[ "$(ctl status --json | jq -r '.cgroups[0].state')" = gone ]
	loader --cgroup "$cgroup/again" 2>said
	grep -q 'again: the cgroup no longer exists' said
	[ "$(ctl status --json | jq -r '.cgroups | map(.state) | join(" ")')" = attached ]
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(inside_of again python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8081))')" = EPERM ]
	rmdir "$cgroup/again"
	unload --cgroup "$(ctl status --json | jq -r '.cgroups[0].id')"
}

@test "admins edit rules, readers see them, strangers neither" {
	given --cgroup "$cgroup" --admin-group "$admins"
	as_admin=(setpriv --reuid=nobody --regid=nogroup "--groups=$admins,$group" --)
	"${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-ruled 2>/dev/null
	[ "$("${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" export)" = 'allow 8080/tcp pp-ruled' ]
	run --separate-stderr "${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" allow 8081 pp-ruled
	[ "$status" = 77 ]
	assert_one_error ebpf-ctl
	run --separate-stderr "${as_stranger[@]}" "$bin/ebpf-ctl" --pin-root "$root" rules
	[ "$status" = 77 ]
	[ "$(stat -c '%a %g' "$root/admin" "$root/admin/subjects" "$root/maps/subjects" "$root/maps/labels" | tr '\n' ' ')" = \
		"750 $admins 660 $admins 640 $group 600 $group " ]
}

@test "unloading the last cgroup says that rules are deleted, and how to keep them" {
	local text="ebpf-load: rules for 2 processes are deleted with the last cgroup
hint: ebpf-ctl export >FILE --pin-root $root   (before unloading, and ebpf-ctl apply FILE after the next load, keeps them)"
	mkdir "$cgroup/last"
	given --cgroup "$cgroup" --cgroup "$cgroup/last"
	ctl allow 8080 pp-one && ctl allow 8081 pp-two && ctl allow 8082 pp-two
	run --separate-stderr unload --cgroup "$cgroup/last"
	[[ $stderr == *'/last: unloaded' && $stderr != *deleted* ]]
	ctl export >rules
	run --separate-stderr unload --cgroup "$cgroup"
	[[ $stderr == *"$text"* ]]
	given --cgroup "$cgroup" --xdp lan0
	ctl apply rules
	run --separate-stderr unload
	[[ $stderr == *"$text"* ]]
	given --cgroup "$cgroup"
	run --separate-stderr unload
	[[ $stderr != *deleted* ]]
	rmdir "$cgroup/last"
}

@test "what is no cgroup is refused, and nothing is left" {
	run --separate-stderr loader --cgroup "$PWD"
	[ "$status" = 1 ]
	assert_one_error ebpf-load
	run --separate-stderr loader --cgroup "$cgroup/nowhere"
	[ "$status" = 1 ]
	assert_one_error ebpf-load
	[[ $stderr == *"hint: sudo mkdir $cgroup/nowhere" ]]
	run --separate-stderr loader --cgroup "$PWD/nowhere" # a directory there would not be a cgroup
	[[ $stderr == *'hint: findmnt -t cgroup2 '* ]]
	[ ! -e "$root/abi" ]
	given --cgroup "$cgroup"
	run --separate-stderr unload --cgroup "$PWD"
	[ "$status" = 1 ]
	run --separate-stderr unload --cgroup 1
	[ "$status" = 69 ]
}

@test "not loaded: rules and the stream deny say what to do" {
	run --separate-stderr ctl allow 80 x
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --cgroup DIR'* ]]
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" deny
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --cgroup DIR'* ]]
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" usage
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --sockets'* ]]
}
