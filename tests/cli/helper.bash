# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for all test files. Each file has its own network namespaces and pin root, named after it:
#
#   $here   a namespace with lan0 (10.77.0.1, fd77::1) and lan1 (10.78.0.1), where the programs are attached
#   $there  the namespace with the other ends of these interfaces (10.77.0.2, fd77::2; 10.78.0.2), which sends packets
#   $root   the pin root, which is empty when the next test begins
#
# These interface names are not those of the machine, so that a wrong test cannot touch the machine's interfaces.
# shellcheck disable=SC2154,SC2034 # bats sets status, output, stderr; tests use what is set here
bats_require_minimum_version 1.5.0

bin=$PINPIPE_PREFIX/bin
group=60690 # the read group: a number that no group has
lab=$PINPIPE_LAB-$(basename "$BATS_TEST_FILENAME" .bats)
here=$lab-here there=$lab-there
root=/run/$lab
as_member=(setpriv --reuid=nobody --regid=nogroup "--groups=$group" --)
as_stranger=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
from_here=(nsenter "--net=/run/netns/$here" --)
from_there=(nsenter "--net=/run/netns/$there" --)
started=()
declare -gA pid_of=()

# --- set-up and teardown of a test file ---

setup_file() { add_lans; }

add_lans() {
	ip netns add "$here"
	ip netns add "$there"
	add_pair lan0 10.77.0
	add_pair lan1 10.78.0
	ip -n "$here" addr add fd77::1/64 dev lan0 nodad
	ip -n "$there" addr add fd77::2/64 dev lan0 nodad
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	ip netns del "$there"
}

# For tests of sockets: makes one namespace, with only lo.
add_lo() {
	ip netns add "$here"
	ip -n "$here" link set lo up
}

teardown() {
	end_started
	remove_root "$root"
}

# Makes a veth pair with the same name at both ends, .1 here and .2 there. lan1 has no IPv6: nothing sends there unasked.
add_pair() { # NAME NETWORK
	ip link add "$1" netns "$here" type veth peer name "$1" netns "$there"
	ip -n "$here" addr add "$2.1/24" dev "$1"
	ip -n "$there" addr add "$2.2/24" dev "$1"
	if [ "$1" != lan0 ]; then
		"${from_here[@]}" tee "/proc/sys/net/ipv6/conf/$1/disable_ipv6" <<<1 >/dev/null
		"${from_there[@]}" tee "/proc/sys/net/ipv6/conf/$1/disable_ipv6" <<<1 >/dev/null
	fi
	ip -n "$here" link set "$1" up
	ip -n "$there" link set "$1" up
}

# --- loading ---

# Runs ebpf-load with the test's pin root, for interfaces of the namespace $here.
loader() { # ARGUMENT...
	"$bin/ebpf-load" --pin-root "$root" --netns "$here" "$@"
}

unload() { # ARGUMENT...
	"$bin/ebpf-load" --pin-root "$root" --unload "$@"
}

# Loads what a test of something else needs, with the read group of $as_member.
given() { # ARGUMENT...
	loader --group "$group" --readers 2 "$@" 2>"$BATS_TEST_TMPDIR/given" || {
		cat "$BATS_TEST_TMPDIR/given" >&2
		return 1
	}
}

# Removes a pin root with everything in it, whatever its state.
remove_root() { # DIRECTORY
	"$bin/ebpf-load" --pin-root "$1" --unload 2>/dev/null || :
	while is_mounted "$1"; do umount -l "$1" || return; done
	[ ! -d "$1" ] || rmdir "$1"
}

is_mounted() { # DIRECTORY
	grep -qF " $1 " /proc/self/mountinfo
}

# Succeeds if this kernel grants that kind of socket probes.
granted() { # KIND
	case $1 in
	fentry | kprobe) "$bin/ebpf-load" --check | grep -q "^ok *$1" ;;
	tracepoint) grep -q 'sock_send_length' /sys/kernel/btf/vmlinux ;;
	esac
}

# Prints the kind that ebpf-load takes by default.
kind_here() { "$bin/ebpf-load" --check | sed -n 's/^ok *sockets *\([a-z]*\) probes$/\1/p'; }

# --- processes in the background ---

# Starts COMMAND with its output in $(out NAME) and $(err NAME).
start() { # NAME COMMAND...
	local name=$1
	shift
	echo -n | tee "$(out "$name")" >"$(err "$name")" # at once: the background process may be slow
	"$@" >>"$(out "$name")" 2>>"$(err "$name")" </dev/null 3>&- &
	pid_of[$name]=$!
	started+=($!)
}

out() { echo "$BATS_TEST_TMPDIR/$1.out"; } # NAME
err() { echo "$BATS_TEST_TMPDIR/$1.err"; } # NAME

# Starts ebpf-read as a member of the group and waits until the kernel writes for it.
start_reader() { # NAME ARGUMENT...
	local name=$1 before
	shift
	before=$(asking)
	start "$name" "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" "$@"
	wait_until asks_more_than "$before" || {
		cat "$(err "$name")" >&2
		return 1
	}
}

# Starts a reader of socket streams in a new session and waits until the kernel writes for it.
listen() { # NAME STREAM ARGUMENT...
	local name=$1 before
	before=$(asks)
	start "$name" setsid "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" "${@:2}"
	wait_until asks_other_than "$before" || {
		cat "$(err "$name")" >&2
		return 1
	}
}

asks() { abi maps/wanted 0; }
asks_other_than() { [ "$(asks)" != "$1" ]; } # RECORD

heard() { # NAME JQ
	jq -r "$2" "$(out "$1")"
}

# Waits for the end of a started process, after sending it a signal if one is given; sets $status to its exit status.
finish() { # NAME [SIGNAL]
	local pid=${pid_of[$1]}
	[ $# = 1 ] || kill "-$2" "$pid"
	wait_until is_gone "$pid" || return
	status=0
	wait "$pid" || status=$?
}

is_gone() { # PID
	! kill -0 "$1" 2>/dev/null
}

# Ends all processes of a test, with their descendants: they have the test's directory in their environment.
end_started() {
	local pid below=()
	# Programs that write over their environment, as nginx does with its workers, are found by their parents.
	for pid in "${started[@]}"; do mapfile -t -O ${#below[@]} below < <(descendants "$pid"); done
	"$BATS_TEST_DIRNAME/../end-marked" "BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR"
	for pid in "${started[@]}" "${below[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	started=()
}

descendants() { # PID
	local child
	for child in $(pgrep -P "$1"); do
		echo "$child"
		descendants "$child"
	done
}

# Polls until COMMAND succeeds. Gives up after two minutes, which is too long even for a slow machine.
wait_until() { # COMMAND...
	local deadline=$((SECONDS + 120))
	until "$@"; do
		if [ $SECONDS -gt "$deadline" ]; then
			echo "waited in vain: $*" >&2
			return 1
		fi
		sleep 0.01
	done
}

has_lines() { # FILE COUNT
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# Prints what a reader wrote, without the time of day, which each reader measures by itself.
without_times() { sed -E 's/"timestamp(_us)?":[0-9]+,//g' "$(out "$1")"; } # NAME

has_text() { # FILE TEXT
	grep -qF -- "$2" "$1"
}

# --- programs of others ---

is_listening() { # ADDRESS:PORT
	[ -n "$("${from_here[@]}" ss -Hln "src $1")" ]
}

# Sets $nginx to a command that serves ./www and keeps its files in this directory.
prepare_nginx() { # ADDRESS:PORT...
	local program
	program=$(PATH=$PATH:/usr/sbin command -v nginx) ||
		program=$(realpath "$BATS_TEST_DIRNAME/../..")/build/programs/usr/sbin/nginx
	[ -x "$program" ] || skip 'nginx is not there: run make deps'
	nginx=("$program" -p "$PWD" -e "$PWD/error" -c "$PWD/nginx.conf")
	mkdir -p www logs
	cat >nginx.conf <<-END
		daemon off; pid $PWD/pid; error_log $PWD/error; worker_processes 2; user root root;
		events { worker_connections 64; }
		http {
		  access_log off; sendfile on;
		  client_body_temp_path $PWD/b; proxy_temp_path $PWD/p; fastcgi_temp_path $PWD/f;
		  uwsgi_temp_path $PWD/u; scgi_temp_path $PWD/s;
		  server { $(printf 'listen %s; ' "$@") root $PWD/www; }
		}
	END
}

# --- pins ---

# Prints a field of a record in a pinned array, by its name in bpf/abi, or the whole record as hexadecimal digits; or
# writes VALUE into the field. See abi.c.
abi() { "$bin/abi" "$root" "$@"; } # MAP INDEX [FIELD [VALUE]]

# Prints the bits of the reader slots for which the kernel writes ICMP.
wanted_bits() {
	abi maps/wanted 0 'readers[STREAM_ICMP]'
}

# Prints how many such slots there are.
asking() {
	local bits count=0
	for ((bits = $(wanted_bits); bits; bits >>= 1)); do count=$((count + (bits & 1))); done
	echo "$count"
}

asks_more_than() { # COUNT
	[ "$(asking)" -gt "$1" ]
}

# Print the number of ICMP records that did not fit into a slot's ring since the load, and of those that did.
lost() { abi maps/losses "$1" 'lost[STREAM_ICMP]'; }       # SLOT
written() { abi maps/losses "$1" 'written[STREAM_ICMP]'; } # SLOT

# Print what the kernel says of a pinned link, and the id of its program. The exit status of bpftool tells nothing: it
# is that of whatever system call failed last (bpftool 7.5).
link_info() { bpftool -j link show pinned "$root/$1" || :; } # PIN
link_program() { link_info "$1" | jq .prog_id; }             # PIN

link_id() { # HOOK
	id_in "$(link_info "links/$1")"
}

# Succeeds if the kernel has no such thing any more.
is_freed() { # link|map|prog ID
	[[ $(bpftool -j "$1" show id "$2") == *': No such file or directory"'* ]]
}

map_id() { # PIN
	id_in "$(bpftool -j map show pinned "$root/$1")"
}

id_in() { # JSON
	[[ $1 =~ \"id\":([0-9]+) ]]
	echo "${BASH_REMATCH[1]}"
}

# Prints the id of the XDP program on an interface, or nothing.
program_on() { # INTERFACE [NAMESPACE]
	local json
	json=$(ip -n "${2:-$here}" -j link show dev "$1")
	[[ ! $json =~ \"prog\":\{\"id\":([0-9]+) ]] || echo "${BASH_REMATCH[1]}"
}

# Prints the interface's name in a hook's record.
hook_name() { abi maps/hooks "$1" name; } # HOOK

# Prints the names in a directory, in one line.
names_in() { # DIRECTORY
	local name names=()
	for name in "$1"/*; do [ ! -e "$name" ] || names+=("${name##*/}"); done
	echo "${names[*]}"
}

# Prints all pins with their modes and owners, without the two files (*.debug) that the kernel puts into every bpffs.
layout() {
	find "$root" -mindepth 1 ! -name '*.debug' -printf '%P %M %U:%G\n' | LC_ALL=C sort
}

# --- output of the tools ---

# Succeeds if stderr of a tool has one line that begins with its name, at most one hint, and nothing else.
assert_one_error() { # TOOL
	local lines
	mapfile -t lines <<<"$stderr"
	[[ ${lines[0]} == "$1: "* ]]
	[ ${#lines[@]} = 1 ] || [[ ${#lines[@]} = 2 && ${lines[1]} == 'hint: '* ]]
}

# Makes a hook's program, or the programs of a cgroup, look like those of another build, so that the next load exchanges
# them.
outdate() { # HOOK
	abi maps/hooks "$1" build $(($(abi maps/hooks "$1" build) ^ 1))
}
outdate_cgroup() { # NUMBER
	abi maps/cgroups "$1" build $(($(abi maps/cgroups "$1" build) ^ 1))
}
