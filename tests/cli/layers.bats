#!/usr/bin/env bats
# Which part of the kernel programs may use which.
load helper

tree=$(realpath "$BATS_TEST_DIRNAME/../..")

# Each may include what stands before it, and itself; the last ones nothing of each other.
layers=(abi common packet readers ports)
families=(sockets rules xdp tc)

# "FOLDER INCLUDED" of each include within bpf/.
includes() {
	grep -o '^#include "bpf/[^"]*"' -r "$tree/bpf" --include='*.[ch]' |
		sed "s|^$tree/bpf/\([^/]*\)/[^:]*:#include \"bpf/\([^/]*\)/.*|\1 \2|" | sort -u
}

place() { # FOLDER
	local i
	for ((i = 0; i < ${#layers[@]}; i++)); do
		[ "${layers[i]}" != "$1" ] || { echo $i && return; }
	done
	[[ " ${families[*]} " = *" $1 "* ]] && echo $i
}

@test "no include in bpf/ runs upwards, or from one family of programs to another" {
	local folder included
	[ "$(includes | wc -l)" -gt 15 ]
	while read -r folder included; do
		[ "$folder" != "$included" ] || continue
		echo "$folder includes $included"
		[ "$(place "$folder")" -gt "$(place "$included")" ]
	done < <(includes)
}

@test "no headers of bpf/ include each other in a circle" {
	# tsort names a circle on stderr, and fails.
	(cd "$tree" && grep -o '^#include "bpf/[^"]*"' -r bpf --include='*.[ch]') |
		sed 's|^\([^:]*\):#include "\(.*\)"|\1 \2|' | tsort >/dev/null
}
