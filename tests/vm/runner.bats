#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Tests of tests/vm/run and tests/vm/fetch. A boot takes seconds, so most cases check the output of two guests that ran
# at the same time.
# shellcheck disable=SC2016 # expanded by COMMAND, which is a shell
# shellcheck disable=SC2154 # bats sets stderr
bats_require_minimum_version 1.5.0

# Runs in the first guest. Each line of output is for one case.
visit() {
	echo "kernel $(uname -r)"
	echo "directory $PWD"
	echo "left in /tmp: $(find /tmp -xdev ! -type d)"
	echo "bpffs $(stat -f -c %T /sys/fs/bpf) $(stat -c %A /sys/fs/bpf)"
	test -e /sys/kernel/btf/vmlinux && echo 'BTF there'
	ip link add vm0 type veth peer name vm1 && echo 'veth there'
	echo "lsm $(</sys/kernel/security/lsm)"
	echo 'words in stderr' >&2
	echo lost >tests/vm/written && cat tests/vm/written
	echo kept >"$VMOUT/written"
	sleep 1000 & # must not keep the guest running
	exit 7
}

# Keeps output and status of one run as NAME.out, NAME.err and NAME.status.
record() { # NAME ARGUMENT...
	local status=0
	"$vm/run" "${@:2}" >"$1.out" 2>"$1.err" || status=$?
	echo "$status" >"$1.status"
}

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export vm=$PWD/tests/vm first=$BATS_FILE_TMPDIR/first panic=$BATS_FILE_TMPDIR/panic
	mkdir "$BATS_FILE_TMPDIR/share"
	record "$first" -a lsm=lockdown,bpf -d "$BATS_FILE_TMPDIR/share" -- bash -c "$(declare -f visit); visit" 3>&- &
	# Waits until the output has reached the host: a panic would lose it.
	record "$panic" -- bash -c \
		'echo last words; until [ -s /run/vm/stdout ]; do :; done; echo c >/proc/sysrq-trigger' 3>&- &
	wait
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	[ "$(<"$first.status")" != 77 ] || skip "$(<"$first.err")"
}

@test "the exit status is the command's" {
	cat "$first.err"
	[ "$(<"$first.status")" = 7 ]
}

@test "the command runs on the kernel asked for, in the same directory" {
	grep '^kernel 6\.1\.' "$first.out"
	grep -Fx "directory $PWD" "$first.out"
}

@test "stdout and stderr are apart" {
	[ "$(<"$first.err")" = 'words in stderr' ]
	run ! grep stderr "$first.out"
}

@test "the guest has an empty /tmp, bpffs for root alone, BTF, and modules on demand" {
	grep -x 'left in /tmp: ' "$first.out"
	grep -x 'bpffs bpf_fs drwx-*[tT]' "$first.out"
	grep -x 'BTF there' "$first.out"
	grep -x 'veth there' "$first.out"
}

@test "of /tmp the guest has the directory that it was started in, and no other" {
	local place
	place=$(mktemp -d /tmp/pinpipe-runner.XXXXXX)
	mkdir "$place/here" "$place/beside"
	echo there >"$place/here/file"
	cd "$place/here"
	run --separate-stderr "$vm/run" -- bash -c 'cat file && ls -A ..'
	rm -rf "$place"
	[ "$output" = $'there\nhere' ]
}

@test "kernel arguments reach the kernel" {
	grep -Ex 'lsm .*\bbpf\b.*' "$first.out"
	run ! grep -E '^lsm .*apparmor' "$first.out"
}

@test "what the guest writes is lost, except below \$VMOUT" {
	grep -x lost "$first.out"
	[ ! -e tests/vm/written ]
	[ "$(<"$BATS_FILE_TMPDIR/share/written")" = kept ]
}

@test "a panic is 125, with the output until then and the end of the console" {
	[ "$(<"$panic.status")" = 125 ]
	[ "$(<"$panic.out")" = 'last words' ]
	grep 'ended without a status' "$panic.err"
	grep 'Kernel panic - not syncing: sysrq triggered crash' "$panic.err"
}

@test "a time-out is 124, with the end of the console" {
	run --separate-stderr "$vm/run" -t 5 -a ignore_loglevel -- sleep 1000
	[ "$status" = 124 ]
	[[ $stderr = *'no end within 5 s; its console ends:'*'['*']'* ]]
}

@test "a signal ends the guest and leaves nothing behind" {
	mkdir "$BATS_TEST_TMPDIR/jobs"
	TMPDIR=$BATS_TEST_TMPDIR/jobs "$vm/run" -- bash -c 'echo up; sleep 1000' >"$BATS_TEST_TMPDIR/out" 3>&- &
	while kill -0 $! && ! grep -qs up "$BATS_TEST_TMPDIR/out"; do sleep 0.1; done
	kill $!
	status=0
	wait $! || status=$?
	[ "$status" = 143 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/jobs")" ]
	run ! pgrep -f "qemu-system.*$BATS_TEST_TMPDIR/jobs"
}

@test "native runs the command here" {
	run --separate-stderr "$vm/run" -k native -d "$BATS_TEST_TMPDIR" -- bash -c 'uname -r; echo "$VMOUT"; exit 3'
	[ "$status" = 3 ]
	[ "$output" = "$(uname -r)"$'\n'"$BATS_TEST_TMPDIR" ]
}

@test "wrong usage is 2" {
	run -2 "$vm/run" -k 2.4 -- true
	[[ $output = *'2.4: no such kernel'* ]]
	run -2 "$vm/run" -k 6.1
	run -2 "$vm/run" -z -- true
	run -2 "$vm/run" -t soon -- true
	run -2 "$vm/run" -d /nowhere -- true
	run -2 "$vm/run" -k native -a quiet -- true
	run -2 "$vm/fetch" 6.1 2.4
}

@test "a kernel that cannot be had is 77, with the reason in one line" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "E: no way out" >&2\nexit 100\n' >"$BATS_TEST_TMPDIR/bin/apt-get"
	chmod +x "$BATS_TEST_TMPDIR/bin/apt-get"
	export PINPIPE_VM_CACHE=$BATS_TEST_TMPDIR/cache PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run -77 "$vm/fetch" 6.1
	[ "$output" = 'tests/vm/fetch: cannot get kernel 6.1: no way out' ]
	run -77 "$vm/run" -k 6.1 -- true
	[ "$output" = 'tests/vm/fetch: cannot get kernel 6.1: no way out' ]
	[ -z "$(ls -A "$PINPIPE_VM_CACHE")" ]
}
