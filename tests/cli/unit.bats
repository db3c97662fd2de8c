# SPDX-License-Identifier: MIT
# The unit tests run for any user: those that need root are skipped, and say so.
# shellcheck disable=SC2154 # bats sets status and output
bats_require_minimum_version 1.5.0

@test "unit tests of a normal user: none fails, and what needs root says so" {
	local program=${PINPIPE_BUILD:-$(realpath "$BATS_TEST_DIRNAME/../..")/build}/bin/unit-tests
	[ -x "$program" ] || skip 'the unit tests are not built: make test-unit'
	install -m 755 "$program" "$PINPIPE_PREFIX/bin"
	cd /tmp
	run setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$PINPIPE_PREFIX/bin/unit-tests"
	[ "$status" = 0 ] || { grep '^\[  FAILED' <<<"$output" && return 1; }
	[ "$(grep -c '^\[       OK \]' <<<"$output")" -gt "$(grep -c '^\[  SKIPPED \].*ms)$' <<<"$output")" ]
	# The reason stands between the beginning of a test and its verdict.
	awk '/^\[ RUN  / { said = 0; next } /^\[  SKIPPED \].*ms\)$/ { if (!said) { print; bad = 1 } next }
		!/^\[/ && !/: Skipped$/ && NF { said = 1 } END { exit bad }' <<<"$output"
}
