# SPDX-License-Identifier: MIT
# ebpf-load: settings that the first load fixes, that a later load keeps, and that a failed load must not change.
load helper

other=60691 # another group

@test "settings: a group that is missing is an error, and nothing is loaded" {
	run -1 --separate-stderr loader --xdp lan0 --group no-such-group
	assert_one_error ebpf-load
	[[ $stderr == *'no group no-such-group'*'hint: '*'groupadd --system no-such-group'* ]]
	[ ! -e "$root" ]
	[ -z "$(program_on lan0)" ]
}

@test "settings: a group is taken by name too" {
	loader --xdp lan0 --group nogroup --readers 1
	[ "$(stat -c %g "$root/readers/0/ring")" = "$(getent group nogroup | cut -d: -f3)" ]
}

@test "settings: a rerun without --group keeps the group" {
	given --xdp lan0
	loader --xdp lan1
	[ "$(stat -c %g "$root/abi" "$root/readers/0/ring" | sort -u)" = "$group" ]
	run -0 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

@test "settings: a rerun with another group changes every pin's" {
	given --xdp lan0
	run -0 --separate-stderr loader --xdp lan0 --group "$other"
	[[ ${stderr_lines[*]} == *"ebpf-load: group $other may read now; before: group $group"* ]]
	run -0 --separate-stderr loader --xdp lan0
	[[ $stderr != *'may read now'* ]]
	! layout | grep -F ":$group" || false
	layout | grep -F "readers/0/ring -rw-rw---- 0:$other"
	run -77 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

@test "settings: a failed rerun leaves the group, also for the next one" {
	given --xdp lan0
	run -1 loader --xdp nosuch0 --group "$other"
	[ "$(stat -c %g "$root/readers/0/ring")" = "$group" ]
	loader --xdp lan1
	[ "$(stat -c %g "$root/readers/0/ring")" = "$group" ]
	! layout | grep -F ":$other" || false
}

@test "settings: --readers and --ring-size hold" {
	loader --xdp lan0 --readers 3 --ring-size 32768
	[ "$(names_in "$root/readers")" = '0 1 2' ]
	[[ $(bpftool -j map show pinned "$root/readers/2/ring") == *'"max_entries":32768'* ]]
	run -0 --separate-stderr loader --xdp lan0 --readers 3 --ring-size 32768
	run -0 --separate-stderr loader --xdp lan1
	[ "$(names_in "$root/readers")" = '0 1 2' ]
}

@test "settings: 32 readers with the smallest rings" {
	loader --xdp lan0 --readers 32 --ring-size 16384
	[ "$(find "$root/readers" -name ring | wc -l)" = 32 ]
}

@test "settings: a change of --readers or --ring-size is refused, and nothing changes" {
	local before
	given --xdp lan0 --ring-size 32768
	before=$(layout)
	run -1 --separate-stderr loader --xdp lan1 --readers 4
	assert_one_error ebpf-load
	[[ $stderr == *'--readers is 2 '*'hint: '*'--unload'* ]]
	run -1 --separate-stderr loader --xdp lan1 --ring-size 16384
	assert_one_error ebpf-load
	[[ $stderr == *'--ring-size is 32768 '*'hint: '*'--unload'* ]]
	[ "$(layout)" = "$before" ]
	[ -z "$(program_on lan1)" ]
}

@test "settings: an interface that is missing is an error; on a fresh root nothing is left, else what was there" {
	run -1 --separate-stderr loader --xdp nosuch0
	assert_one_error ebpf-load
	[[ $stderr == *'no interface nosuch0'* ]]
	[ ! -e "$root" ]
	given --xdp lan0
	local before link
	before=$(layout) link=$(link_id 0)
	run -1 loader --xdp lan1 --xdp nosuch0
	[ "$(layout)" = "$before" ]
	[ "$(link_id 0)" = "$link" ]
	[ -z "$(program_on lan1)" ]
}

@test "settings: loading and unloading need root" {
	run -77 --separate-stderr "${as_member[@]}" "$bin/ebpf-load" --pin-root "$root" --xdp lan0
	assert_one_error ebpf-load
	[[ $stderr == *root*'hint: sudo '* ]]
	given --xdp lan0
	run -77 --separate-stderr "${as_member[@]}" "$bin/ebpf-load" --pin-root "$root" --unload
	assert_one_error ebpf-load
	[ -n "$(program_on lan0)" ]
}
