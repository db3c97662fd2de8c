#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which folder may include which: the order of ARCHITECTURE.md.
load helper

tree=$(realpath "$BATS_TEST_DIRNAME/../..")

# "FILE INCLUDED" of each include of a file of the tree in these folders.
includes() { # FOLDER...
	(cd "$tree" && grep -ro '^#include "[^"]*"' --include='*.[ch]' --include='*.cpp' "$@") |
		sed 's|^\([^:]*\):#include "\(.*\)"|\1 \2|'
}

# Reads lines of includes, prints those within FOLDER that go upwards, and fails if there are any. Each LAYER may include
# the layers before it, and itself; names with commas between them are layers side by side, none of which includes
# another. A file directly in FOLDER is a layer by its name without the ending.
in_order() { # FOLDER LAYER...
	awk -v folder="$1/" -v order="${*:2}" '
		function layer(file) {
			file = substr(file, length(folder) + 1)
			sub(/[\/.].*/, "", file)
			return file
		}
		BEGIN {
			count = split(order, rows, " ")
			for (row = 1; row <= count; row++) {
				split(rows[row], names, ",")
				for (i in names) height[names[i]] = row
			}
		}
		index($1, folder) != 1 || index($2, folder) != 1 { next }
		{ within++ }
		layer($1) == layer($2) && height[layer($1)] { next }
		!height[layer($2)] || height[layer($1)] <= height[layer($2)] { print; wrong++ }
		END { exit wrong > 0 || within < 15 }'
}

# Reads lines of includes, prints those whose included file is outside PATTERN, and fails if there are any.
only() { # PATTERN
	awk -v pattern="^($1)" '$2 !~ pattern { print; wrong++ } END { exit wrong > 0 || NR < 15 }'
}

@test "an include that goes upwards, sideways or to an unknown folder is found" {
	local down pair
	down=$(for n in {1..15}; do echo "a/top/$n.h a/low/$n.h"; done)
	in_order a low left,right top <<<"$down"
	only a/low/ <<<"$down"
	for pair in 'a/low/x.h a/top/x.h' 'a/left/x.h a/right/x.h' 'a/low.h a/top.h' 'a/top/x.h a/new/x.h' 'a/new/x.h a/new/y.h'; do
		run -1 in_order a low left,right top <<<"$down"$'\n'"$pair"
		[ "$output" = "$pair" ]
	done
	run -1 only a/low/ <<<"$down"$'\n''a/low/x.h b/low/x.h'
	[ "$output" = 'a/low/x.h b/low/x.h' ]
	run -1 in_order b low top <<<"$down" # nothing seen proves nothing
	run -1 only a/low/ <<<''
}

@test "bpf/ includes nothing from outside; no include in it goes upwards, or from one hook family to another" {
	includes bpf | only bpf/
	includes bpf | in_order bpf abi common packet readers ports sockets,rules,xdp,tc
}

@test "lib/ includes of the rest only bpf/abi/; no include in it goes upwards" {
	includes lib | only 'lib/|bpf/abi/'
	includes lib | in_order lib base system pins event rules
}

@test "no tool includes another" {
	includes tools | only 'lib/|bpf/|tools/'
	includes tools | in_order tools "$(find "$tree"/tools/* -prune -type d -printf '%f,')"
}

@test "tools/reader/lines/ includes nothing of the rest of tools/" {
	includes tools/reader/lines | only 'lib/|bpf/|tools/reader/lines/'
}

@test "no include in tools/web/ goes upwards" {
	includes tools/web | in_order tools/web common model,access,history api,http options requests main
}

@test "no headers include each other in a circle" {
	# tsort names a circle on stderr, and fails.
	includes bpf lib tools | tsort >/dev/null
}

# Third-party files, text and data are left out.
@test "each source file names its licence in its first lines" {
	local file missing=()
	while IFS= read -r file; do
		head -n 2 "$tree/$file" | grep -q 'SPDX-License-Identifier: ' || missing+=("$file")
	done < <(git -C "$tree" ls-files -- '*.[ch]' '*.cpp' '*.js' '*.css' '*.py' '*.bats' '*.bash' '*.sh' '*.jq' Makefile ':!*uPlot*')
	[ "${missing[*]}" = '' ]
}
