# SPDX-License-Identifier: MIT
# Which user can block which: locks of loads and changes, and directories that other users can change.
load helper
load policy

setup_file() {
	add_lans
	mkdir "$cgroup"
}

admins=60691 # a number that no group has
as_admin=(setpriv --reuid=nobody --regid=nogroup "--groups=$admins" --)

teardown() {
	end_started
	rm -rf "/run/$lab-dir" "/tmp/$lab-dir"
	remove_root "$root"
}

# Starts a process that holds the lock of a directory until it is ended; sets $holder to its pid.
hold() { # DIRECTORY [COMMAND...]
	local directory=$1
	shift
	start holder "$@" flock --no-fork "$directory" sleep 600
	holder=${pid_of[holder]}
	wait_until is_locked "$directory"
}

is_locked() { # DIRECTORY
	grep -q "FLOCK .*:$(stat -c %i "$1") " /proc/locks
}

@test "locks: a stranger can open nothing that is locked, and stops nobody" {
	given --xdp lan0 --cgroup "$cgroup" --admin-group "$admins"
	local directory number=0
	while read -r directory; do # a directory that it cannot open, it cannot lock
		"${as_stranger[@]}" test -r "$directory" || continue
		start "stranger$((number++))" "${as_stranger[@]}" flock --no-fork "$directory" sleep 600
	done < <(find "$root" -type d)
	wait_until is_locked "$root"
	[ "$(stat -c '%a %u %g' "$root/lock")" = '700 0 0' ]
	[ "$(stat -c '%a %u %g' "$root/admin/lock")" = "750 0 $admins" ]
	loader --wait 0 --xdp lan1
	ctl --wait 0 allow 80 some
	unload --wait 0
	[ ! -e "$root/abi" ]
}

@test "locks: who waits says for whom, and goes on when that one is done" {
	given --xdp lan0
	hold "$root/lock"
	start second "$bin/ebpf-load" --pin-root "$root" --netns "$here" --wait 600 --xdp lan1
	wait_until has_text "$(err second)" "(pid $holder), which has the lock of $root"
	finish holder KILL
	finish second
	[ "$status" = 0 ]
	[ -n "$(program_on lan1)" ]
}

@test "locks: loading, unloading and root's changes give up, and name who is in the way" {
	given --xdp lan0 --cgroup "$cgroup"
	hold "$root/lock"
	for command in 'ebpf-load --unload' 'ebpf-load --sockets' 'ebpf-ctl watch 80' 'ebpf-ctl allow 80 some'; do
		read -ra words <<<"$command"
		run -1 --separate-stderr "$bin/${words[0]}" --pin-root "$root" --wait 0 "${words[@]:1}"
		assert_one_error "${words[0]}"
		[[ $stderr == *"cannot lock $root: "*" (pid $holder) has the lock"*"hint: ${words[0]} --wait "* ]]
	done
	[ -n "$(program_on lan0)" ]
}

@test "locks: a member of the admin group stops members, and root for as long as root waits" {
	given --xdp lan0 --cgroup "$cgroup" --admin-group "$admins"
	hold "$root/admin/lock" "${as_admin[@]}"
	run -1 --separate-stderr "${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" --wait 0 allow 80 some
	[[ $stderr == *"cannot lock the rules: "*" (pid $holder) has the lock"* ]]
	run -0 --separate-stderr ctl --wait 0 allow 80 some
	[[ $stderr == *"(pid $holder) has the lock: root goes on without it"* ]]
	run -0 --separate-stderr loader --wait 0 --watch 80
	"${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" --wait 0 allow 81 some
	[ "$(ctl rules --json | jq -c '[.[].rules[] | .first, .last]')" = '[80,81]' ]
}

@test "locks: a reader that holds a slot stops no load and no unload" {
	given --xdp lan0
	hold "$root/readers/0" "${as_member[@]}"
	loader --wait 0 --xdp lan1
	unload --wait 0
}

@test "locks: a signal ends the wait of ebpf-ctl" {
	given --xdp lan0
	hold "$root/lock"
	start waiting "$bin/ebpf-ctl" --pin-root "$root" --wait 600 watch 80
	wait_until has_text "$(err waiting)" 'ebpf-ctl: waiting for '
	finish waiting TERM
	[ "$status" = 1 ]
	grep -q "^ebpf-ctl: cannot lock $root.* (pid $holder) has the lock" "$(err waiting)"
}

# --- the way to the pin root ---

refused_by_all() { # PIN_ROOT ERROR
	local command
	for command in "ebpf-load --netns $here --xdp lan0" 'ebpf-load --unload' 'ebpf-ctl status' 'ebpf-ctl rules' 'ebpf-ctl watch 80'; do
		read -ra words <<<"$command"
		run -1 --separate-stderr "$bin/${words[0]}" --pin-root "$1" "${words[@]:1}"
		assert_one_error "${words[0]}"
		[[ $stderr == "${words[0]}: $2"* ]]
	done
	[ -z "$(program_on lan0)" ]
}

@test "locks: root follows no directory that others can change, wherever it is on the way" {
	install -d -o nobody "/run/$lab-dir"
	mkdir -p "/run/$lab-dir/deep/er"
	refused_by_all "/run/$lab-dir/deep/er" "/run/$lab-dir can be changed by users other than root"
	refused_by_all "/tmp/$lab-dir" '/tmp can be changed by users other than root'
	[ ! -e "/tmp/$lab-dir" ]
}

@test "locks: root follows symbolic links of its own, and none of others" {
	mkdir "/run/$lab-dir"
	ln -s "$root" "/run/$lab-dir/ours"
	ln -s "$root" "/run/$lab-dir/theirs"
	chown -h nobody "/run/$lab-dir/theirs"
	refused_by_all "/run/$lab-dir/theirs" "/run/$lab-dir/theirs is a symbolic link that users other than root can change"
	"$bin/ebpf-load" --pin-root "/run/$lab-dir/ours" --netns "$here" --xdp lan0
	[ -e "$root/abi" ]
	"$bin/ebpf-ctl" --pin-root "/run/$lab-dir/ours" status | grep -q lan0
}
