# SPDX-License-Identifier: MIT
# make test-distros: its behaviour if an installation fails.
load helper

setup_file() { :; }
teardown_file() { :; }

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export PINPIPE_DISTROS_CACHE=$BATS_TEST_TMPDIR/cache PATH=$BATS_TEST_TMPDIR/bin:$PATH
	mkdir "$BATS_TEST_TMPDIR/bin"
}

# Installs a fake debootstrap that runs COMMAND.
fake_debootstrap() { # COMMAND
	printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/debootstrap"
	chmod +x "$BATS_TEST_TMPDIR/bin/debootstrap"
}

@test "distros: one that cannot be had is skipped, with the reason, and nothing is left" {
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || skip 'no keys of Debian'
	fake_debootstrap 'echo "E: no way out"; exit 1'
	run -0 tests/distros/run debian-13
	[ "${lines[1]}" = 'skipped: debian-13: tests/distros/base: cannot make debian-13: no way out' ]
	[ "${lines[-1]}" = '0 passed, 0 failed, 1 skipped' ]
	[ -z "$(find "$PINPIPE_DISTROS_CACHE" -mindepth 1 ! -name '*.lock')" ]
}

@test "distros: what debootstrap mounts is gone with it, also when it is killed" {
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || skip 'no keys of Debian'
	fake_debootstrap 'mkdir -p "$PINPIPE_DISTROS_CACHE/mounted" &&
		mount -t tmpfs tmpfs "$PINPIPE_DISTROS_CACHE/mounted" && kill -KILL $$'
	run -0 tests/distros/run debian-13
	[[ ${lines[-2]} == 'skipped: debian-13: '* ]]
	[ -d "$PINPIPE_DISTROS_CACHE/mounted" ]
	! is_mounted "$PINPIPE_DISTROS_CACHE/mounted"
}

@test "distros: one that is not known is wrong usage" {
	run -2 tests/distros/run debian-1
	[[ $output == *'debian-1: not one of debian-12 '* ]]
}
