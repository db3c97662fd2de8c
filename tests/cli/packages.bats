# SPDX-License-Identifier: MIT
# Each command that a script uses comes with a package of the lists.
bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

@test "packages: what scripts call is in a package that their lists name" {
	[ "${DEPS:-}" != have ] || skip 'DEPS=have: packages are not looked at'
	run -0 tests/commands
	[[ $output =~ ^[0-9]+\ commands$ ]]
}

@test "packages: a list that lacks one is found out, with the scripts that use it" {
	[ "${DEPS:-}" != have ] || skip 'DEPS=have: packages are not looked at'
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cp -r Makefile packages bpf tests tools .ci "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree"
	sed -i '/^procps$/d' tests/demo-packages
	sed -i '/^ethtool$/d' tests/packages
	run -1 tests/commands
	[[ $output == *'ethtool (tests/cli/'*'): in ethtool'* ]]
	[[ $output == *'kill (tests/demo): in procps'* ]]
}
