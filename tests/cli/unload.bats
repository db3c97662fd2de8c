# SPDX-License-Identifier: MIT
# ebpf-load --unload, of everything and of single interfaces: nothing is left.
load helper

# Prints the ids of everything that the pins hold: "link 12", "map 40", "prog 17".
ids() {
	local pin
	for pin in "$root"/abi "$root"/maps/* "$root"/readers/*/*; do
		echo "map $(id_in "$(bpftool -j map show pinned "$pin")")"
	done
	for pin in "$root"/{links,sent}/*; do
		[ -e "$pin" ] || continue
		echo "link $(id_in "$(link_info "${pin#"$root/"}")")"
		echo "prog $(link_program "${pin#"$root/"}")"
	done
}

# Succeeds once the kernel has freed them.
are_freed() { # reads what ids prints
	local kind id
	while read -r kind id; do
		is_freed "$kind" "$id" || return
	done <"$BATS_TEST_TMPDIR/ids"
}

@test "unload: leaves no mount, directory, link, program or map" {
	given --xdp lan0 --xdp lan1
	ids >"$BATS_TEST_TMPDIR/ids"
	# 11 maps, 2 of each of 2 readers, a link with a program of each interface, or two (Linux 6.6)
	[[ $(wc -l <"$BATS_TEST_TMPDIR/ids") = @(19|23) ]]
	run -0 --separate-stderr unload
	[ -z "$output" ]
	[ "$stderr" = "ebpf-load: unloaded: $root" ]
	[ ! -e "$root" ]
	! is_mounted "$root" || false
	[ -z "$(program_on lan0)$(program_on lan1)" ]
	wait_until are_freed
}

@test "unload: a directory that was there before stays" {
	mkdir "$root"
	given --xdp lan0
	is_mounted "$root"
	unload
	! is_mounted "$root" || false
	[ -d "$root" ]
	rmdir "$root"
}

@test "unload: one interface goes, the other keeps link and program" {
	local link program
	given --xdp lan0 --xdp lan1
	link=$(link_id 1) program=$(program_on lan1)
	run -0 --separate-stderr unload --netns "$here" --xdp lan0
	[ "$stderr" = 'ebpf-load: lan0: unloaded' ]
	[ -z "$(program_on lan0)" ]
	[ "$(names_in "$root/links")" = 1 ]
	[ "$(link_id 1) $(program_on lan1)" = "$link $program" ]
}

@test "unload: with the last interface all goes" {
	given --xdp lan0 --xdp lan1
	unload --netns "$here" --xdp lan0
	[ -e "$root/abi" ]
	unload --netns "$here" --xdp lan1
	[ ! -e "$root" ]
}

@test "unload: both interfaces at once" {
	given --xdp lan0 --xdp lan1
	unload --netns "$here" --xdp lan0 --xdp lan1
	[ ! -e "$root" ]
}

@test "unload: an interface that is gone can still be named" {
	given --xdp lan1 --xdp lan0
	ip -n "$here" link del lan1
	unload --netns "$here" --xdp lan1
	[ "$(names_in "$root/links")" = 1 ]
	add_pair lan1 10.78.0
}

@test "unload: an interface that is not loaded is an error, and nothing changes" {
	local before
	given --xdp lan0
	before=$(layout)
	run -69 --separate-stderr unload --netns "$here" --xdp lan0 --xdp lan1
	assert_one_error ebpf-load
	[[ $stderr == *'lan1 is not loaded'* ]]
	[ "$(layout)" = "$before" ]
	[ -n "$(program_on lan0)" ]
}

@test "unload: where nothing is loaded it says so, with 69" {
	run -69 --separate-stderr unload
	assert_one_error ebpf-load
	[[ $stderr == *'not loaded'* ]]
	[ ! -e "$root" ]
	given --xdp lan0
	unload
	run -69 unload
}

@test "unload: a running reader ends with 69 at once, and says why" {
	given --xdp lan0
	start_reader one icmp
	unload
	finish one
	[ "$status" = 69 ]
	has_text "$(err one)" 'ebpf-read: unloaded while reading'
}

@test "unload: what had been seen before is delivered" {
	given --xdp lan0
	start_reader one icmp --proto icmp
	kill -STOP "${pid_of[one]}"
	"${from_there[@]}" ping -q -c 5 -i 0.01 10.77.0.1
	unload
	finish one CONT
	[ "$status" = 69 ]
	[ "$(wc -l <"$(out one)")" = 5 ]
	has_text "$(err one)" 'ebpf-read: 5 events, 0 lost'
}

@test "unload: a reader does not hold up a load of the same root" {
	given --xdp lan0
	start_reader old icmp
	kill -STOP "${pid_of[old]}"
	unload
	given --xdp lan0
	start_reader new icmp --proto icmp
	"${from_there[@]}" ping -q -c 1 10.77.0.1
	wait_until has_lines "$(out new)" 1
	finish old CONT
	[ "$status" = 69 ]
	[ ! -s "$(out old)" ]
}

@test "unload: what a killed load left mounted goes too" {
	strace -f -qq -o /dev/null -e trace=?mkdir,mkdirat -e inject=?mkdir,mkdirat:signal=KILL:when=3 \
		"$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0 || :
	is_mounted "$root"
	loader --xdp lan0 --readers 1
	unload
	! is_mounted "$root" || false
	[ ! -e "$root" ]
}
