#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: its input while it goes on and ends, and what may happen meanwhile: signals, full disks, a locked database.
# PINPIPE_LONG=1 (make test-long): 200 SIGKILLs instead of 15.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "a closed pipe is a quiet end, output that cannot be written is told" {
	many 50000 | "$store" a.db
	local arguments
	for arguments in 'export a.db' 'report a.db --by remote --format json' 'report a.db -i 1s --by process --format csv'; do
		run -0 --separate-stderr bash -c "{ \"\$1\" $arguments || echo \"status \$?\" >&2; } | head -n 1" - "$store"
		[ "$stderr" = '' ]
		run -74 --separate-stderr bash -c "\"\$1\" $arguments >/dev/full" - "$store"
		one_error
	done
}

# Succeeds once everything that was written to descriptor 7 has been read.
is_drained() {
	python3 -c 'import array, fcntl, termios
left = array.array("i", [0])
fcntl.ioctl(7, termios.FIONREAD, left)
raise SystemExit(left[0])'
}

@test "SIGTERM and the end of input commit and sum up" {
	many 500 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" a.db <feed 2>said
	cat lines >&7
	wait_until is_drained
	kill -TERM "$pid"
	wait "$pid"
	exec 7>&-
	grep -qx 'ebpf-store: 500 lines, 0 bad, 0 lost' said
	[ "$(total a.db)" = "$(sum <lines)" ]
	[ "$(sqlite3 a.db 'SELECT rolled = last_line FROM state')" = 1 ]
}

@test "lines are there within a second while the input goes on" {
	mkfifo feed
	exec 7<>feed
	in_background "$store" a.db <feed
	usage 1795000000 a 192.0.2.1 3 4 >&7
	total_is() { [ "$(total a.db 2>/dev/null)" = "$1" ]; }
	wait_until total_is '3 4'
	exec 7>&-
	wait "$pid"
}

@test "on a terminal it is shown how it goes" {
	many 1000 >lines
	script -qefc "{ cat lines; until grep -q 'lines, ' screen; do sleep 0.02; done; cat lines; } | '$store' a.db" /dev/null >screen
	grep -qP '\r\e\[Kebpf-store: [12]000 lines, [0-9]+/s, 0 lost' screen
	grep -q 'ebpf-store: 2000 lines, 0 bad, 0 lost' screen
	{ cat lines; sleep 1.2; cat lines; } | "$store" b.db 2>said # enough time to print what it must not print
	[ "$(cat said)" = 'ebpf-store: 2000 lines, 0 bad, 0 lost' ]
}

# Prints the number of acknowledged lines, from the last whole line that -v printed.
acknowledged() { # FILE
	sed -n 's/^ebpf-store: committed \([0-9]*\) lines$/\1/p' "$1" | tail -n 1
}

@test "SIGKILL at random moments: what was acknowledged is there" {
	local rounds=15 round had=0 said=0 kept
	[ -z "${PINPIPE_LONG:-}" ] || rounds=200
	many 120000 1795000000 20000 >lines
	for ((round = 1; round <= rounds; round++)); do
		in_background "$store" -v --keep-raw 1000d a.db <lines 2>said
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		[ -e a.db ] || continue
		said=$(acknowledged said)
		kept=$(sqlite3 -readonly a.db 'SELECT count(*) FROM usage')
		echo "round $round: had $had, acknowledged ${said:-0}, there $kept"
		[ "$kept" -ge $((had + ${said:-0})) ]
		# the database has the beginning of the input, without holes
		[ "$kept" -le $((had + 120000)) ]
		had=$kept
		if [ $((round % 5)) = 0 ]; then
			"$store" check a.db
			[ "$("$store" report a.db --format json | jq 'select(.by == "total").calls_sent')" = "$kept" ]
		fi
		# the file stays small enough for many rounds
		[ "$kept" -lt 1500000 ] || { rm a.db*; had=0; }
	done
	"$store" a.db </dev/null
	"$store" check a.db
	[ "$(sqlite3 a.db 'SELECT rolled = last_line FROM state')" = 1 ]
	! compgen -G 'a.db.new-*' || [ "$(find . -name 'a.db.new-*' | wc -l)" -le "$rounds" ]
}

@test "a full disk: read on, say so, count what is lost, go on when there is space" {
	mkdir disk
	mount -t tmpfs -o size=6m none disk || skip 'no tmpfs can be mounted here'
	many 60000 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" disk/a.db <feed 2>said
	head -n 1000 lines >&7
	wait_until test -s disk/a.db-wal
	head -c 100m /dev/zero >disk/filler 2>/dev/null || :
	tail -n +1001 lines >&7 # 23 MB: more than waits in memory
	wait_until has_text said 'no space left on device'
	grep -q ': reading on, trying again every second$' said
	rm disk/filler
	mount -o remount,size=200m disk
	wait_until has_text said 'takes lines again'
	exec 7>&-
	wait "$pid"
	cat said
	local stored lost
	read -r _ stored _ _ _ lost _ < <(tail -n 1 said)
	[ $((stored + lost)) = 60000 ]
	[ "$lost" -gt 0 ]
	"$store" report disk/a.db | grep -qx "lost: $lost of usage"
	[ "$("$store" report disk/a.db --format json | jq 'select(.by == "total").calls_sent')" = "$stored" ]
	"$store" check disk/a.db
}

@test "a disk that stays full ends in an error that says what is lost" {
	mkdir disk
	mount -t tmpfs -o size=2m none disk || skip 'no tmpfs can be mounted here'
	many 60000 >lines
	run -1 --separate-stderr "$store" disk/a.db <lines
	[[ ${stderr_lines[-1]} = 'ebpf-store: cannot write to disk/a.db: no space left on device: '*' lines are lost' ]]
	local kept lost
	kept=$(sqlite3 -readonly disk/a.db 'SELECT count(*) FROM usage')
	lost=$(sed -n 's/.*device: \([0-9]*\) lines are lost$/\1/p' <<<"${stderr_lines[-1]}")
	[ $((kept + lost)) = 60000 ]
	mount -o remount,size=100m disk
	"$store" disk/a.db </dev/null
	"$store" check disk/a.db
}

@test "whoever writes to a pipe waits for no disk" {
	many 120000 >lines
	"$store" a.db </dev/null
	mkfifo hold
	exec 8<>hold
	in_background sqlite3 a.db <hold
	echo 'BEGIN IMMEDIATE;' >&8
	is_held() { ! sqlite3 a.db 'BEGIN IMMEDIATE; ROLLBACK' 2>/dev/null; }
	wait_until is_held
	in_background bash -c "cat lines | '$store' a.db 2>said"
	wait_until has_text said 'in use by another program'
	echo 'ROLLBACK;' >&8
	exec 8>&-
	wait "$pid"
	local stored lost
	read -r _ stored _ _ _ lost _ < <(tail -n 1 said)
	[ $((stored + lost)) = 120000 ]
	[ "$lost" -gt 0 ]
	"$store" report a.db | grep -qx "lost: $lost of usage"
	# a file waits
	"$store" b.db <lines
	[ "$(total b.db)" = "$(sum <lines)" ]
}
