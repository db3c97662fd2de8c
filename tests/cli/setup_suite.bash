# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Runs once before all test files: makes a copy of the tools that every user may run, and builds the tests' programs.

export PINPIPE_LAB=${PINPIPE_LAB:-pinpipe-test-$BATS_ROOT_PID}
# The directory of all that; not below bats' directory, which other users cannot enter.
export PINPIPE_PREFIX=/tmp/$PINPIPE_LAB

setup_suite() {
	local here build name
	here=$(dirname "${BASH_SOURCE[0]}")
	build=${PINPIPE_BUILD:-$here/../../build}
	if [ "$(id -u)" != 0 ]; then
		echo 'these tests need root: run make test, or sudo make test-cli' >&2
		return 1
	fi
	# shellcheck source=tests/path.bash
	. "$here/../path.bash"
	# Removes what the tests have made when bats ends, also by SIGKILL.
	env -u PINPIPE_PREFIX setsid "$here/clean" "$PINPIPE_LAB" "$BATS_ROOT_PID" <&- &>/dev/null 3>&- 4>&- &
	umask 022
	mkdir -p "$PINPIPE_PREFIX/bin"
	install -m 755 "$build"/bin/ebpf-* "$PINPIPE_PREFIX/bin" || return
	for name in abi frame tamper; do
		"${CC:-cc}" -O1 -Wall -Wextra ${WERROR:+-Werror} "-I$here/../.." -o "$PINPIPE_PREFIX/bin/$name" "$here/$name.c" || return
	done
	"${CC:-cc}" -O1 -Wall -Wextra ${WERROR:+-Werror} -shared -fPIC -o "$PINPIPE_PREFIX/refuse.so" "$here/refuse.c" || return
	"${CLANG:-clang}" -O2 -Wall -Wextra ${WERROR:+-Werror} -target bpf -c -o "$PINPIPE_PREFIX/foreign.bpf.o" "$here/foreign.bpf.c"
}

teardown_suite() {
	env -u PINPIPE_PREFIX "$(dirname "${BASH_SOURCE[0]}")/clean" "$PINPIPE_LAB"
}
