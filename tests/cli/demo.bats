# SPDX-License-Identifier: MIT
# tests/demo disturbs nothing, and is not disturbed by other demos at the same time; it leaves nothing behind.
load helper

demo=$(realpath "$BATS_TEST_DIRNAME/../demo")

# Others: a namespace with the demo's addresses, servers and pings, and programs loaded at another pin root.
start_others() {
	ip -n "$here" addr add 192.0.2.1/24 dev lan0
	ip -n "$there" addr add 192.0.2.2/24 dev lan0
	given --sockets --xdp lan0
	mkdir www
	echo 'not the one' >www/page
	local port
	for port in 8080 5050; do
		start "server $port" "${from_here[@]}" python3 -m http.server -b 192.0.2.1 -d www "$port"
		wait_until is_listening "192.0.2.1:$port"
	done
	start pings "${from_there[@]}" ping -q -i 0.05 192.0.2.1
	start fetches "${from_there[@]}" bash -c 'while :; do curl -s http://192.0.2.1:8080/page; sleep 0.1; done'
	start reader "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" all --include-self
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# Starts the demo as a shell with a terminal does: a job that a script starts with & would ignore SIGINT for ever.
start_demo() { # NAME
	start "$1" env --default-signal=INT "$demo"
}

# Prints everything that a demo may have made and that still exists.
left_of() { # NAME
	local id=${pid_of[$1]}
	grep -lszxF "EBPF_PIN_ROOT=/run/pinpipe-demo-$id" /proc/[0-9]*/environ
	find /run/netns -name "demo-*-$id"
	find /run -maxdepth 1 -name "pinpipe-demo-$id"
	find /tmp -maxdepth 1 -name "pinpipe-demo-$id*"
	find "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)" -maxdepth 1 -name "demo-$id"
}

exists() { [ -n "$(left_of "$1")" ]; } # NAME

assert_nothing_left() { # NAME
	diff /dev/null <(left_of "$1")
}

@test "demo: two at once, beside others with the same addresses, ports and names" {
	start_others
	start_demo one
	start_demo two
	local name
	for name in one two; do
		wait_until has_text "$(out "$name")" 'Two network namespaces'
		wait_until exists "$name" # else the check below would check nothing
	done
	for name in one two; do
		finish "$name"
		[ "$status" = 0 ] || { cat "$(out "$name")" "$(err "$name")" && return 1; }
		has_text "$(out "$name")" 'Operation not permitted'
		run ! has_text "$(out "$name")" 'not the one'
		assert_nothing_left "$name"
	done
	program_on lan0 # the program of others is still there
}

@test "demo: interrupted anywhere it leaves nothing" {
	local name signal text
	while read -r signal text; do
		name=$signal-${text// /-}
		start_demo "$name"
		wait_until has_text "$(out "$name")" "$text"
		exists "$name"
		finish "$name" "$signal"
		[ "$status" = $((128 + $(kill -l "$signal"))) ]
		assert_nothing_left "$name"
	done <<-'END'
		INT Root loads once
		TERM Who listens
		HUP allow 8080 curl
	END
}

@test "demo: when a process of its own is killed it fails, and leaves nothing" {
	start_demo one
	wait_until has_text "$(out one)" 'Who listens'
	wait_until kill_server "${pid_of[one]}"
	finish one
	[ "$status" = 1 ]
	has_text "$(err one)" 'ended early'
	assert_nothing_left one
}

# Kills the web server that a demo has started.
kill_server() { # PID of the demo
	local path
	for path in $(grep -lszxF "EBPF_PIN_ROOT=/run/pinpipe-demo-$1" /proc/[0-9]*/environ); do
		path=${path%/environ}
		if grep -qzxF http.server "$path/cmdline"; then
			kill -KILL "${path#/proc/}"
			return
		fi
	done
	return 1
}
