# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers of the benchmarks: they print figures, each with its bound. missed is 1 once a bound was missed.
# shellcheck disable=SC2034 # the scripts exit with it
missed=0
. tests/path.bash

tell() { # WHAT FIGURE UNIT at-most|at-least BOUND
	local verdict=ok
	awk -v a="$2" -v b="$5" -v how="$4" 'BEGIN { exit !(how == "at-most" ? a <= b : a >= b) }' || { verdict=MISSED missed=1; }
	printf '%-66s %12.2f %-8s %-8s %s  %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict"
}
ms() { # COMMAND...: prints its wall time in milliseconds
	local start=$EPOCHREALTIME
	"$@" >/dev/null 2>&1
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print (b - a) * 1000 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
divide() { awk -v a="$1" -v b="$2" 'BEGIN { print a / (b > 0 ? b : 1e-9) }'; }
cpu() { awk '{ print $1 / 1e9 }' "/proc/$1/schedstat"; } # PID: prints its seconds of processor time so far
