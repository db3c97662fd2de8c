#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Tests of tests/vm/report with made-up results of two kernels: two cells and a cost. No kernel is booted.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir results
	export PINPIPE_VM_EXPECTED=$PWD/expected PINPIPE_VM_COSTS=$PWD/costs PINPIPE_VM_README=$PWD/README.md
	export CLANG=$PWD/clang
	printf '#!/bin/sh\necho "Debian clang version 14.0.6"\n' >clang && chmod +x clang
	printf '%s\n' before '<!-- support -->' '<!-- /support -->' after >README.md
	seen 5.10 'capability\tevents\tpass\t' 'test\tfrags\tlimit\tnone here' 'cost\tlook\t1000' end
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'cost\tlook\t1000' end
	report --update
	[ "$status" = 0 ]
}

seen() { # KERNEL LINE...
	printf '%b\n' "${@:2}" >"results/$1"
	echo 0 >"results/$1.status"
	: >"results/$1.err"
}

report() { # [--update]
	run "$BATS_TEST_DIRNAME/report" "$@" results 5.10 6.1
}

# Checks a row of the table.
assert_row() { # NAME CELL...
	grep -Fx "| $1 | $2 | $3 |" table.md
}

# Checks that there is one failure, with this text.
assert_one_failure() { # TEXT
	[ "$status" = 1 ]
	[[ $output = *"Failed:"*"$1"* ]]
	[[ ${lines[-1]} = *' 1 failed, 0 skipped' ]]
}

@test "what is as expected passes, with limits by number" {
	report
	[ "$status" = 0 ]
	assert_row events pass pass
	assert_row frags 'limit 1' pass
	assert_row look 1000 1000
	[[ $output = *'limit 1: none here'* ]]
	[ "${lines[-1]}" = '7 passed, 0 failed, 0 skipped' ] # four cells, two costs, README
}

@test "a failure is one red cell, with its reason" {
	seen 6.1 'capability\tevents\tfail\tline 3: false' 'test\tfrags\tpass\t' 'cost\tlook\t1000' end
	report
	assert_one_failure '6.1: events: line 3: false'
	assert_row events pass FAIL
	assert_row frags 'limit 1' pass
}

@test "a limit fails where it is new, gone, or another one" {
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tlimit\tnone here' 'cost\tlook\t1000' end
	report
	assert_one_failure '6.1: frags: limit: none here (expected: pass)'
	setup_again 5.10 'test\tfrags\tpass\t'
	assert_one_failure '5.10: frags: pass (expected: limit'
	setup_again 5.10 'test\tfrags\tlimit\tsomething else'
	assert_one_failure '5.10: frags: limit: something else (expected: limit'
}

setup_again() { # KERNEL LINE
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'cost\tlook\t1000' end
	seen "$1" 'capability\tevents\tpass\t' "$2" 'cost\tlook\t1000' end
	report
}

@test "a cell that is missing or unknown fails" {
	seen 6.1 'capability\tevents\tpass\t' 'cost\tlook\t1000' end
	report
	assert_one_failure '6.1: frags: not reported'
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'test\tnew\tpass\t' 'cost\tlook\t1000' end
	report
	assert_one_failure '6.1: new: pass (expected: nothing)'
}

@test "what could not be tried is skipped, with the reason" {
	seen 6.1 'capability\tevents\tskip\tno ping here' 'test\tfrags\tpass\t' 'cost\tlook\t1000' end
	report
	[ "$status" = 0 ]
	assert_row events pass skip
	[[ $output = *'Skipped:'*'6.1: events: no ping here'* ]]
	[[ ${lines[-1]} = *' 0 failed, 1 skipped' ]]
}

@test "a kernel that cannot be had is skipped, one that ended early has failed" {
	seen 6.1
	echo 77 >results/6.1.status
	echo 'cannot get kernel 6.1: no way out' >results/6.1.err
	report
	[ "$status" = 0 ]
	assert_row events pass -
	[[ $output = *'6.1: this kernel: cannot get kernel 6.1: no way out'* ]]
	seen 6.1 'capability\tevents\tpass\t'
	echo 125 >results/6.1.status
	report
	assert_one_failure '6.1: this kernel: ended early, with status 125'
	assert_row events pass pass
}

@test "costs may grow by a tenth; with another clang they are not compared" {
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'cost\tlook\t1100' end
	report
	[ "$status" = 0 ]
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'cost\tlook\t1101' end
	report
	assert_one_failure '6.1: cost of look: 1101 instructions, 1000 before'
	seen 6.1 'capability\tevents\tpass\t' 'test\tfrags\tpass\t' 'cost\tlook\t500' end
	report
	[ "$status" = 0 ]
	[[ $output = *'cost of look: 500, and 1000 before'* ]]
	sed -i s/14/19/ clang
	report
	[ "$status" = 0 ]
	[[ $output = *'cost of look: known for clang 14, this is 19'* ]]
}

@test "README has the capabilities that were seen; another text there fails" {
	grep -Fx '| events | yes | yes | ? |' README.md
	[ "$(head -n 1 README.md) $(tail -n 1 README.md)" = 'before after' ]
	run ! grep frags README.md
	sed -i 's/yes/no/' README.md
	report
	assert_one_failure 'README.md: support: not the table of tests/vm/expected'
	report --update
	report
	[ "$status" = 0 ]
}

@test "a failure is not what is expected from then on" {
	seen 6.1 'capability\tevents\tfail\tbroken' 'test\tfrags\tpass\t' 'cost\tlook\t1000' end
	report --update
	[ "$status" = 1 ]
	report
	assert_one_failure '6.1: events: broken'
}
