#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: wrong usage, and databases that it does not open, write to or trust.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "wrong usage is told" {
	local arguments
	for arguments in '' 'report' 'prune a.db' 'a.db b.db' 'report a.db --by color' 'report a.db --format xml' \
		'report a.db --since never' 'report a.db --port 70000' 'report a.db -n 0' 'report a.db -i 36h' 'a.db --by process' \
		'report a.db --keep 30d' 'a.db --keep 5' 'report a.db --since 1h --until 2h' 'export a.db --format csv' '--nothing'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$store" $arguments </dev/null
		one_error
		[ "${stderr_lines[1]}" = 'hint: ebpf-store --help' ]
	done
	[ ! -e a.db ]
	run -2 script -qec "$store a.db" /dev/null
	[[ $output = *'standard input is a terminal'*'ebpf-read usage | ebpf-store DB'* ]]
	[ "$("$store" --help | awk 'length > 100' | wc -l)" = 0 ]
}

@test "databases that are none of ours, newer or damaged are refused and left alone" {
	many 20000 | "$store" good.db
	sqlite3 other.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
	cp good.db newer.db && sqlite3 newer.db 'PRAGMA journal_mode = DELETE; PRAGMA user_version = 99' >/dev/null
	cp good.db old.db && sqlite3 old.db 'PRAGMA journal_mode = DELETE; PRAGMA user_version = 0' >/dev/null
	echo 'this is a text of mine, not a database' >text.db
	: >empty.db
	head -c 50000 good.db >short.db
	cp good.db torn.db && dd if=/dev/urandom of=torn.db bs=4096 seek=20 count=40 conv=notrunc status=none
	mkdir directory.db
	local name command
	for name in other newer old text empty short torn; do
		sha256sum $name.db >before
		for command in '' report export check 'prune --keep 1d'; do
			# shellcheck disable=SC2086 # words
			[[ $name = torn && ($command = report || $command = export) ]] ||
				run -1 --separate-stderr "$store" $command $name.db <<<'{"event_type":"icmp"}'
			one_error
			[ "${#stderr_lines[@]}" = 1 ]
			sha256sum --quiet -c before
			[ ! -e $name.db-wal ]
			[ ! -e $name.db-shm ]
		done
	done
	run -1 --separate-stderr "$store" newer.db </dev/null
	[ "$stderr" = 'ebpf-store: cannot open newer.db: written by a newer ebpf-store' ]
	run -1 --separate-stderr "$store" other.db </dev/null
	[ "$stderr" = 'ebpf-store: cannot open other.db: the database of another application' ]
	run -1 --separate-stderr "$store" torn.db </dev/null
	[[ $stderr = 'ebpf-store: cannot '*' torn.db: the database is corrupt' ]]
	run -1 --separate-stderr "$store" directory.db </dev/null
	one_error
	run -1 --separate-stderr "$store" report nowhere.db
	[ "$stderr" = 'ebpf-store: cannot open nowhere.db: no such file or directory' ]
	[ ! -e nowhere.db ]
}

@test "a newer layout that stands in the log alone is refused too" {
	usage 1795000000 a 192.0.2.1 1 1 | "$store" a.db
	sqlite3 a.db '.dbconfig no_ckpt_on_close on' 'PRAGMA user_version = 99' >/dev/null
	[ -s a.db-wal ]
	sha256sum a.db a.db-wal >before
	local command
	for command in '' report export check 'prune --keep 1d'; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr "$store" $command a.db <<<'{"event_type":"icmp"}'
		[ "$stderr" = 'ebpf-store: cannot open a.db: written by a newer ebpf-store' ]
		sha256sum --quiet -c before
	done
}

@test "a database that may not be written is refused, and may be read" {
	cd "$PINPIPE_PREFIX" || return # a directory that other users may enter
	rm -rf shelf
	mkdir -m 755 shelf
	many 2000 >lines
	"$store" shelf/a.db <lines
	chmod 644 shelf/a.db
	sha256sum shelf/a.db >before
	local stranger=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
	run -77 --separate-stderr "${stranger[@]}" "$store" "$PWD/shelf/a.db" <lines
	one_error
	[[ $stderr = *'permission denied'* ]]
	run -77 --separate-stderr "${stranger[@]}" "$store" prune "$PWD/shelf/a.db" --keep 1d
	[ "$("${stranger[@]}" "$store" report "$PWD/shelf/a.db" --format json | jq 'select(.by == "total").calls_sent')" = 2000 ]
	run -77 --separate-stderr "${stranger[@]}" "$store" "$PWD/shelf/new.db" <lines
	one_error
	sha256sum --quiet -c before
	[ "$(ls shelf)" = a.db ]
	chmod 640 shelf/a.db
	run -77 --separate-stderr "${stranger[@]}" "$store" report "$PWD/shelf/a.db"
	one_error
	rm -r shelf
}

@test "a second writer is refused, readers are not" {
	many 1000 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" -v a.db <feed 2>said
	cat lines >&7
	wait_until has_text said 'committed 1000 lines'
	run -1 --separate-stderr "$store" a.db <lines
	[[ $stderr = "ebpf-store: cannot open a.db: ebpf-store (pid $pid) writes to it" ]]
	run -1 --separate-stderr "$store" prune a.db --keep 1d
	one_error
	[ "$(total a.db)" = "$(sum <lines)" ]
	[ "$("$store" export a.db | wc -l)" = 1000 ]
	"$store" check a.db
	exec 7>&-
	wait "$pid"
	"$store" a.db <lines
	[ "$(total a.db)" = "$(cat lines lines | sum)" ]
}

@test "check finds sums that differ and rows that are missing" {
	many 2000 >lines
	"$store" a.db <lines
	run -0 "$store" check a.db
	[[ $output = 'ok: 2000 lines taken in, '* ]]
	local damage
	for damage in 'UPDATE hour SET sent = sent + 1' 'DELETE FROM usage WHERE n = 7' 'DELETE FROM name WHERE id = 3' \
		'UPDATE who_day SET received = 0' 'DELETE FROM subject WHERE id = 5'; do
		cp a.db b.db
		sqlite3 b.db "$damage"
		run -1 --separate-stderr "$store" check b.db
		[[ $stderr = 'ebpf-store: cannot trust b.db: '* ]]
		one_error
	done
}
