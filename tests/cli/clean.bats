# SPDX-License-Identifier: MIT
# Everything that a run of the tests has made is removed at its end, however it ends.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	nested=pinpipe-test-nested-$$
	local at=@ # bats takes a line that begins with the whole word for a test of this file
	cat >left.bats <<-END
		load $BATS_TEST_DIRNAME/helper
		load $BATS_TEST_DIRNAME/policy
		BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME
		${at}test "one that takes for ever" {
			given --xdp lan0 --cgroup "\$cgroup" --sockets
			start_act ruled pp-ruled <<<'said("ready"); os.fork(); os.setsid(); time.sleep(3600)'
			start server "\${from_here[@]}" python3 -m http.server -b 10.77.0.1 8080
			wait_until [ -e ready ]
			wait_until is_listening 10.77.0.1:8080
			touch $PWD/begun
			sleep 3600
		}
	END
}

# Prints everything that exists of the nested run.
left_of_nested() {
	grep -lszxF "PINPIPE_PREFIX=/tmp/$nested" /proc/[0-9]*/environ
	find /run /run/netns /tmp "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)" -maxdepth 1 -name "$nested*"
}
nothing_is_left() { [ -z "$(left_of_nested)" ]; }

teardown() {
	end_started
	"$BATS_TEST_DIRNAME/clean" "$nested"
}

# Starts bats on left.bats, as on a terminal, and waits until everything exists.
start_nested() {
	start bats env -i --default-signal=INT "PATH=${PATH//$BATS_LIBEXEC:/}" "PINPIPE_LAB=$nested" "PINPIPE_BUILD=${PINPIPE_BUILD:-}" \
		${EBPF_OWN_MOUNTS:+"EBPF_OWN_MOUNTS=$EBPF_OWN_MOUNTS"} \
		setsid bats --setup-suite-file "$BATS_TEST_DIRNAME/setup_suite.bash" left.bats
	wait_until [ -e begun ] || { cat "$(out bats)" "$(err bats)" && return 1; }
	[ "$(left_of_nested | grep -c '^/proc/')" -ge 5 ]
	[ "$(left_of_nested | grep -vc '^/proc/')" = 5 ]
}

@test "tests that are interrupted leave nothing" {
	start_nested
	kill -INT -- "-${pid_of[bats]}"
	finish bats
	wait_until nothing_is_left
}

@test "tests that are killed leave nothing" {
	start_nested
	kill -KILL -- "-${pid_of[bats]}"
	finish bats
	wait_until nothing_is_left
}
