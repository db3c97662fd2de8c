#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which folder of the kernel programs may include which.
load helper

tree=$(realpath "$BATS_TEST_DIRNAME/../..")

# Each folder may include those before it, and itself; the families may not include each other.
layers=(abi common packet readers ports)
families=(sockets rules xdp tc)

# Prints "FOLDER INCLUDED" for each include within bpf/.
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
	# tsort fails, and names the circle on stderr.
	(cd "$tree" && grep -o '^#include "bpf/[^"]*"' -r bpf --include='*.[ch]') |
		sed 's|^\([^:]*\):#include "\(.*\)"|\1 \2|' | tsort >/dev/null
}

# Third-party files, text and data are left out.
@test "each source file names its licence in its first lines" {
	local file missing=()
	while IFS= read -r file; do
		head -n 2 "$tree/$file" | grep -q 'SPDX-License-Identifier: ' || missing+=("$file")
	done < <(git -C "$tree" ls-files -- '*.[ch]' '*.cpp' '*.js' '*.css' '*.py' '*.bats' '*.bash' '*.sh' '*.jq' Makefile ':!*uPlot*')
	[ "${missing[*]}" = '' ]
}
