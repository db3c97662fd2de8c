# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of rules: a cgroup for the test file, whose processes can be ruled.
# shellcheck disable=SC2154,SC2016 # set by helper.bash and bats; the inner shells'

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	ip netns add "$here"
	ip netns add "$there"
	add_pair lan0 10.77.0
	ip -n "$here" link set lo up
	mkdir "$cgroup"
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	ip netns del "$there"
	find "$cgroup" -depth -type d -exec rmdir {} \;
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

ctl() { "$bin/ebpf-ctl" --pin-root "$root" "$@"; }

# A command prefix that runs a program in the tests' cgroup. Background jobs use these words, not a function, whose job
# would have another pid.
in_cgroup=("${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup")
inside() { "${in_cgroup[@]}" "$@"; } # COMMAND...

# Starts the Python program on stdin in the background, as a process named PROCESS in the cgroup; see act.py.
start_act() { # NAME PROCESS
	cat >"$1.py"
	start "$1" "${in_cgroup[@]}" bash -c 'exec python3 "$@" <"$0"' "$PWD/$1.py" "$BATS_TEST_DIRNAME/act.py" "$2"
}

# Runs the Python program on stdin in the background in the namespace $there; see act.py.
start_there() { # NAME
	cat >"$1.py"
	start "$1" "${from_there[@]}" bash -c 'exec python3 "$1" pp-there <"$0"' "$PWD/$1.py" "$BATS_TEST_DIRNAME/act.py"
}

# Starts a peer that accepts and counts on ports of the namespace $there, which has no rules; see act.py.
serve() { # NAME PORT...
	local name=$1
	shift
	start "$name" "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-peer "$@"
	wait_until has_text "$(out "$name")" ready
}

# Runs the Python program on stdin as a process named NAME in the cgroup; see act.py.
act() { # NAME
	inside timeout 600 python3 "$BATS_TEST_DIRNAME/act.py" "$1"
}

# Runs a command in a cgroup below the tests' cgroup.
inside_of() { # BELOW COMMAND...
	local below=$1
	shift
	"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$below" "$@"
}

# Prints the result of a connect to each port: "8080 ok", "8081 EPERM"
tries() { # NAME PORT...
	local name=$1
	shift
	act "$name" <<<"for port in ${*/%/,}: print(port, attempt(connect, port))"
}

# Succeeds if the first of the ruled processes was denied something at least COUNT times.
has_denied() { [ "$(ctl rules --json | jq '.[0].denied')" -ge "$1" ]; } # COUNT

# --- real services ---

# Ends a test with programs that have no trace of it in their environment, as nginx and containers; removes its cgroups
# and its tables of nftables.
end_services() {
	end_started
	echo 1 >"$cgroup/cgroup.kill"
	wait_until is_empty
	remove_root "$root"
	find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} +
	"${from_here[@]}" nft flush ruleset 2>/dev/null || :
	"${from_there[@]}" nft flush ruleset 2>/dev/null || :
}

is_empty() { grep -qx 'populated 0' "$cgroup/cgroup.events"; }

# Counts the packets that come from interfaces and match none of the MATCHes of nft, except for what the kernel of the
# sender says without a socket: RST and unreachable ports.
count_strays() { # INTERFACES MATCH...
	local matches=("${@:2}")
	"${from_there[@]}" nft -f - <<-END || skip 'no nftables here'
		table ip pp {
			counter strays {}
			set kinds { typeof ip protocol . th sport . th dport; flags dynamic; size 1000; }
			chain arriving {
				type filter hook prerouting priority -300;
				iifname != "$1" accept
				${matches:+${matches[*]/%/ accept;}}
				tcp flags & (rst | syn | fin | psh) == rst ip length 40 accept
				icmp type destination-unreachable accept
				counter name strays
				add @kinds { ip protocol . th sport . th dport }
			}
		}
	END
}

strays() { "${from_there[@]}" nft -j list counter ip pp strays | jq '.nftables[].counter.packets // empty'; }

no_strays() {
	[ "$(strays)" = 0 ] || {
		"${from_there[@]}" nft list set ip pp kinds >&2
		return 1
	}
}
