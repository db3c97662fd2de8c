#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whom a rule holds for: processes by name, executable, number and cgroup. The tests load only cgroups that they have
# made.
# shellcheck disable=SC2154 # set by helper.bash
load helper
load policy

teardown() {
	end_started
	umount "$BATS_TEST_TMPDIR/mount" 2>/dev/null || :
	remove_root "$root"
}

@test "a named process may use its ports and nothing else; others are left alone" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(tries pp-ruled 8080 8081)" = $'8080 ok\n8081 EPERM' ]
	[ "$(tries pp-free 8080 8081)" = $'8080 ok\n8081 ok' ]
	# Outside of the cgroup no process is ruled.
	[ "$("${from_here[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8081))')" = ok ]
}

@test "an executable is known by what it is, not by its name" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" one
	cp one two
	ctl allow 8080 "$PWD/one"
	run_as() { inside env PYTHONHOME="$(python3 -c 'import sys; print(sys.prefix)')" "./$1" "$BATS_TEST_DIRNAME/act.py" "$2" <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(run_as one pp-any)" = 'ok EPERM' ]
	[ "$(run_as two pp-any)" = 'ok ok' ]
	mv one other
	[ "$(run_as other pp-any)" = 'ok EPERM' ]
}

@test "an executable is not taken for a later file with its inode number, in its directory or on a new mount" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	mkdir mount
	mount -t tmpfs pinpipe mount || skip 'this kernel lets the tests mount nothing'
	local python home
	python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
	home=$(python3 -c 'import sys; print(sys.prefix)')
	fresh() { rm -f "$1" && cp "$python" "$1"; }
	runs() { inside env PYTHONHOME="$home" "$1" "$BATS_TEST_DIRNAME/act.py" pp-any <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	for place in "$PWD" "$PWD/mount"; do
		fresh "$place/one"
		inode=$(stat -c %i "$place/one")
		ctl allow 8080 "$place/one"
		[ "$(runs "$place/one")" = 'ok EPERM' ]
		if [ "$place" = "$PWD" ]; then
			for ((turn = 0; turn < 20; turn++)); do
				fresh "$place/one"
				[ "$(stat -c %i "$place/one")" != "$inode" ] || break
			done
		else
			umount mount && mount -t tmpfs pinpipe mount
			fresh "$place/one"
		fi
		[ "$(stat -c %i "$place/one")" = "$inode" ] || { echo "no second file with inode $inode in $place" >&3 && continue; }
		[ "$(runs "$place/one")" = 'ok ok' ] || return 1
		[[ $(ctl rules) == *"$place/one (!)"* ]] || return 1
		ctl export >rules
		ctl apply rules # the path means the file that is there now
		[ "$(runs "$place/one")" = 'ok EPERM' ] || return 1
		ctl revoke --all "$place/one"
	done
}

@test "a process by its number, until it ends" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	start_act ruled pp-any <<-'END'
		open('pid', 'w').write(str(os.getpid())); said('started'); wait_for('ruled')
		print(attempt(connect, 8080), attempt(connect, 8081))
	END
	wait_until [ -e started ]
	ctl allow 8080 "pid:$(<pid)"
	touch ruled
	finish ruled
	[ "$(<"$(out ruled)")" = 'ok EPERM' ]
}

@test "rules for one cgroup, and for those below it" {
	mkdir -p "$cgroup/one" "$cgroup/two"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --cgroup "$cgroup/one"
	go() { inside_of "$1" python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(go one)" = 'ok EPERM' ]
	[ "$(go two)" = 'ok ok' ]
	ctl allow 8081 pp-ruled # in every cgroup: a process in the cgroup has both rules
	[ "$(go one)" = 'ok ok' ]
	[ "$(go two)" = 'EPERM ok' ]
}

@test "cgroups one below the other: each call is judged and counted once" {
	mkdir -p "$cgroup/one"
	given --cgroup "$cgroup/one"
	loader --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	listen deny deny --comm pp-ruled
	go() { inside_of one python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(go)" = 'ok EPERM' ]
	[ "$(ctl rules --json | jq -c '.[0] | [.rules[0].hits, .denied]')" = '[1,1]' ]
	# The programs of the inner cgroup take over when the outer one is unloaded.
	unload --cgroup "$cgroup"
	[ "$(go)" = 'ok EPERM' ]
	[ "$(ctl rules --json | jq -c '.[0] | [.rules[0].hits, .denied]')" = '[2,2]' ]
	finish deny INT
	[ "$(heard deny .port | wc -l)" = 2 ]
}

@test "exec to another name leaves a rule; exec into one takes it on" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(act pp-ruled <<<'print(after_exec("pp-other", "print(attempt(connect, 8081))"))')" = ok ]
	[ "$(act pp-other <<<'print(after_exec("pp-ruled", "print(attempt(connect, 8081))"))')" = EPERM ]
}
