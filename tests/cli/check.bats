# SPDX-License-Identifier: MIT
# The findings of ebpf-load --check are true.
load helper

setup_file() { :; }
teardown_file() { :; }
teardown() { :; }

check() { "$bin/ebpf-load" --pin-root "$root" --check "$@"; }

# Prints a finding of --check in JSON, as "STATE VALUE".
finding() { # NAME JSON
	jq -r --arg name "$1" '.[] | select(.name == $name) | .state + " " + .value' <<<"$2"
}

# Runs COMMAND with securityfs mounted at its usual place, or with nothing there.
with_security() { # mounted|hidden COMMAND...
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount bash -c '
		while umount --lazy /sys/kernel/security 2>/dev/null; do :; done
		[ "$1" = hidden ] || mount -t securityfs none /sys/kernel/security || exit
		exec "${@:2}"' with_security "$@"
}

@test "check: lockdown is what securityfs says, whether it is mounted or not" {
	local place expected
	grep -qw securityfs /proc/filesystems || skip 'this kernel has no securityfs'
	expected=$(with_security mounted sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null) || :
	for place in mounted hidden; do
		run -0 --separate-stderr with_security "$place" "$bin/ebpf-load" --pin-root "$root" --check --json
		[[ $(finding lockdown "$output") == *" ${expected:-none}"* ]]
		run -0 --separate-stderr with_security "$place" "$bin/ebpf-load" --pin-root "$root" --check
		[[ $output =~ (ok|no)\ +lockdown\ +${expected:-none} ]]
	done
}

@test "check: what a user cannot find out is unknown, and root is asked for" {
	local name
	run -0 --separate-stderr with_security hidden "${as_stranger[@]}" "$bin/ebpf-load" --pin-root "$root" --check --json
	for name in lockdown jit probes sockets rules; do
		[ "$(finding "$name" "$output")" = 'unknown run as root' ]
	done
	run -0 --separate-stderr with_security hidden "${as_stranger[@]}" "$bin/ebpf-load" --pin-root "$root" --check
	[[ $output =~ unknown\ +lockdown\ +'run as root   -> sudo ebpf-load --check' ]]
}

@test "check: a kernel without kprobes has none, which is nothing of the LSMs'" {
	run -0 --separate-stderr unshare --mount bash -c \
		'mount -t tmpfs none /sys/bus/event_source && exec "$@"' hide "$bin/ebpf-load" --pin-root "$root" --check --json
	[ "$(finding kprobe "$output")" = 'no this kernel has none' ]
}

@test "check: programs that load and attach but never run are not granted" {
	local json
	json=$(LD_PRELOAD=$PINPIPE_PREFIX/refuse.so REFUSE_HOLLOW=all check --json)
	[[ $(finding tp_btf "$json") == 'no never fires'* ]]
	[[ $(finding sockets "$json") == 'no '* ]] || [[ $(finding fentry "$json") == 'no never fires'* ]]
}

@test "check: what the kernel refuses is said to be refused, with the reason" {
	local json name
	json=$(LD_PRELOAD=$PINPIPE_PREFIX/refuse.so REFUSE='program * * 1' check --json)
	for name in fentry tp_btf lsm rules; do
		[[ $(finding "$name" "$json") == 'no refused: '* ]]
	done
	[ "$(finding jit "$json")" = 'unknown no program could be loaded' ]
	[[ $(finding sockets "$json") == 'no '* ]]
}

@test "check: root of a user namespace lacks what loading needs" {
	unshare --user --map-root-user true 2>/dev/null || skip 'no user namespaces here'
	run -1 --separate-stderr unshare --user --map-root-user "$bin/ebpf-load" --pin-root "$root" --check --json
	[[ $(finding capabilities "$output") == 'missing root only in a user namespace'* ]]
}
