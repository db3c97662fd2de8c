#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The kernel's verdicts against a plain model of the rules: see rules_model.py. PINPIPE_LONG=1: a hundred thousand.
load helper
load policy

@test "random rules, processes and attempts: the kernel judges as the model does" {
	local sets=10
	[ -z "${PINPIPE_LONG:-}" ] || sets=42
	given --cgroup "$cgroup"
	export EBPF_PIN_ROOT=$root
	local seed=${SEED:-$RANDOM}
	echo "SEED=$seed" >&2
	run --separate-stderr inside timeout 1800 python3 "$BATS_TEST_DIRNAME/rules_model.py" "$bin/ebpf-ctl" "$cgroup" "$seed" "$sets"
	[[ $status == 0 && ${lines[-1]} == *" attempts, 0 differences" ]] || { printf "%s\n" "$output" "$stderr" >&2 && return 1; }
}
