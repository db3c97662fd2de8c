#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-read usage of processes that become something else: by exec, with another user, in another cgroup. The probes see
# the whole machine; the tests look only at their own processes.
load helper

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	add_lo
	mkdir "$cgroup" "$cgroup/a" "$cgroup/b" "$cgroup/c"
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	find "$cgroup" -depth -type d -exec rmdir {} \;
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

usage() { # ARGUMENT...
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage "$@"
}

# Runs a command in the first of the cgroups.
in_a() { # COMMAND...
	# shellcheck disable=SC2016 # the inner shell's
	"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/a" "$@"
}

# Adds up the bytes of lines "pid comm uid cgroup bytes".
sums() { awk '{ sum[$1 " " $2 " " $3 " " $4] += $5 } END { for (who in sum) print who, sum[who] }' | sort; }

# Runs processes that change at random, and holds the usage lines against their own ledger.
try_identities() { # KIND
	granted "$1" || skip "this kernel does not grant $1 probes; tests/vm covers them"
	given --sockets --probe "$1"
	local port=5911
	in_a python3 "$BATS_TEST_DIRNAME/identities.py" ledger $port "${SEED:-7}" 80 "$cgroup"/{a,b,c} >threads
	usage --since-load --by port >lines
	sums <ledger >expected
	[ "$(cut -d ' ' -f 2-4 expected | sort -u | wc -l)" -ge 20 ]
	jq -r --argjson port $port 'select(.remote_port == $port and .bytes_sent) |
		"\(.pid) \(.comm) \(.uid) \(.cgroup_id) \(.bytes_sent)"' lines >told
	awk 'NR == FNR { ours[$1] = 1; next } $1 in ours' ledger told | sums >actual
	diff expected actual
	[ "$(awk -v pid="$(cut -d ' ' -f 1 threads)" '$1 == pid { sum += $5 } END { print pid, sum }' told)" = "$(<threads)" ]
	[ "$(jq -s 'map(select(.event_type == "lost")) | length' lines)" = 0 ]
}

@test "tracepoint: bytes are told of what the process was when it sent them" { try_identities tracepoint; }
@test "fentry: bytes are told of what the process was when it sent them" { try_identities fentry; }
@test "kprobe: bytes are told of what the process was when it sent them" { try_identities kprobe; }

@test "intervals: bytes from before exec, and the executable, are those of the program that sent them" {
	given --sockets
	start reader "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage -i 0.1
	in_a python3 - <<-'END'
		import os, socket, time
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for number in range(4):
		    sock.sendto(bytes(100), ("127.0.0.1", 5912))
		    time.sleep(0.15)
		with open("pid", "w") as file:
		    file.write(str(os.getpid()))
		sock.sendto(bytes(45), ("127.0.0.1", 5912))
		os.execv("/bin/sleep", ["sleep", "0.5"])
	END
	usage --since-load --pid "$(<pid)" >total
	finish reader INT
	[ "$(jq -s "map(select(.pid == $(<pid)) | .bytes_sent) | add" "$(out reader)")" = 445 ]
	[ "$(jq -s -r "map(select(.pid == $(<pid)) | .comm) | unique | join(\" \")" "$(out reader)")" = "$(jq -r .comm total)" ]
	[[ "$(jq -r '.comm + " " + .exe' total)" = python3*' /'*python3* ]]
	[ "$(jq .bytes_sent total)" = 445 ]
}

@test "a process that is again what it was: its sums go on, in intervals and since the load" {
	given --sockets
	start reader "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage -i 0.1
	in_a python3 - "$cgroup/a" "$cgroup/b" >ledger 3>&- <<-'END' &
		import os, socket, sys, time
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for turn in range(24):
		    os.setresuid(turn % 2, -1, -1)
		    path = sys.argv[1 + turn // 2 % 2]
		    with open(path + "/cgroup.procs", "w") as file:
		        file.write(str(os.getpid()))
		    sock.sendto(bytes(100 + turn), ("127.0.0.1", 5914))
		    print(os.getpid(), turn % 2, os.stat(path).st_ino, 100 + turn, flush=True)
		    time.sleep(0.03)
		with open("waiting", "w"):
		    pass
		while os.path.exists("waiting"):
		    time.sleep(0.01)
	END
	wait_until [ -e waiting ]
	usage --since-load --pid "$(awk 'NR == 1 { print $1 }' ledger)" >total
	finish reader INT
	rm waiting
	wait $!
	awk '{ sum[$1 " " $2 " " $3] += $4 } END { for (who in sum) print who, sum[who] }' ledger | sort >expected
	[ "$(wc -l <expected)" = 4 ]
	jq -r '"\(.pid) \(.uid) \(.cgroup_id) \(.bytes_sent)"' total | sort >actual
	diff expected actual
	jq -r "select(.pid == $(awk 'NR == 1 { print $1 }' ledger)) | \"\(.pid) \(.uid) \(.cgroup_id) \(.bytes_sent)\"" "$(out reader)" |
		awk '{ sum[$1 " " $2 " " $3] += $4 } END { for (who in sum) print who, sum[who] }' | sort >actual
	diff expected actual
}

@test "start_time stays when the time of day is set" {
	unshare --time --boottime 4321 true 2>/dev/null || skip 'no time namespaces here'
	given --sockets
	in_a python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("127.0.0.1", 5913))
import os; print(os.getpid())' >pid
	# With another boot clock a reader sees the time of day at another distance from it, as after settimeofday(2).
	usage --since-load --pid "$(<pid)" | jq -c '[.pid, .start_time]' >before
	unshare --time --boottime 4321 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage --since-load --pid "$(<pid)" |
		jq -c '[.pid, .start_time]' >after
	[ "$(wc -l <before)" = 1 ]
	diff before after
}
