# SPDX-License-Identifier: MIT
# Maps of rules and watches that a member of the admin group froze: see load_again.bats for those of readers.
load helper
load policy

admins=60691 # a number that no group has
maps=(policy subjects ports texts hits denials watching watched watches)

freeze() { # MAP
	setpriv --reuid=nobody --regid=nogroup "--groups=$admins" -- bpftool map freeze pinned "$root/admin/$1"
}

@test "frozen: maps of rules and watches are replaced by the next load, which keeps all that is in them" {
	local map program before pins
	given --xdp lan0 --cgroup "$cgroup" --admin-group "$admins"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	ctl watch 5050
	program=$(program_on lan0) pins=$(layout) before=$(ctl export && ctl watches)
	for map in "${maps[@]}"; do freeze "$map"; done
	for words in 'allow 8081 pp-ruled' 'watch 6060'; do
		read -ra words <<<"$words"
		run -1 --separate-stderr ctl "${words[@]}"
		assert_one_error ebpf-ctl
		[[ $stderr == *' is frozen: '*'hint: sudo ebpf-load '*'any load'* ]]
	done
	run -0 --separate-stderr loader --xdp lan0
	for map in "${maps[@]}"; do [[ $stderr == *"ebpf-load: $root/maps/$map was frozen: replaced"* ]]; done
	[ "$(program_on lan0)" != "$program" ]
	[ "$(layout)" = "$pins" ]
	[ "$(ctl export && ctl watches)" = "$before" ]
	# Rules from before hold, and so do rules that are changed now.
	ctl allow 8081 pp-ruled
	[ "$(inside python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'for port in 8080, 8081, 8082: print(port, attempt(connect, port))')" = $'8080 ok\n8081 ok\n8082 EPERM' ]
	ctl watch 6060
	run -0 --separate-stderr loader --xdp lan0
	[[ $stderr != *'was frozen'* ]]
}

@test "frozen: a load that fails later puts the frozen maps back, and the next one mends" {
	given --cgroup "$cgroup" --admin-group "$admins"
	ctl allow 8080 pp-ruled
	freeze subjects
	before=$(map_id maps/subjects)
	run -1 loader --xdp no-such
	[ "$(map_id maps/subjects)" = "$before" ]
	[ "$(map_id admin/subjects)" = "$before" ]
	loader --cgroup "$cgroup"
	[ "$(map_id maps/subjects)" != "$before" ]
	ctl allow 8081 pp-ruled
	[ "$(ctl rules --json | jq '.[].rules | length')" = 1 ]
}
