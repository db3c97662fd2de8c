# SPDX-License-Identifier: MIT
# Each command that a script uses comes with a package of the lists.
bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

# Goes into a copy of what tests/commands reads.
copy_tree() {
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cp -r Makefile packages bpf tests tools .ci "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
}

# A script that calls what no package has.
add_script() { # DIRECTORY
	printf '#!/bin/sh\npinpipe-tool\n' >"$1/script"
}

@test "packages: what scripts call is in a package that their lists name" {
	[ "${DEPS:-}" != have ] || skip 'DEPS=have: packages are not looked at'
	run -0 tests/commands
	[[ ${lines[0]} =~ ^[0-9]+\ commands$ ]]
	[ ${#lines[@]} = 1 ] || skip "${lines[*]:1}"
}

@test "packages: a command that is not here is told, if the list that may have it is not installed" {
	[ "${DEPS:-}" != have ] || skip 'DEPS=have: packages are not looked at'
	copy_tree
	rm -r tests/cli # for speed
	add_script tests/vm
	echo pinpipe-nowhere >>tests/vm/packages
	run -0 tests/commands
	[[ $output == *'not looked at: '*'pinpipe-tool (tests/vm/script)'*': not installed: '*pinpipe-nowhere* ]]
}

@test "packages: a list that lacks one is found out, with the scripts that use it" {
	[ "${DEPS:-}" != have ] || skip 'DEPS=have: packages are not looked at'
	copy_tree
	sed -i '/^procps$/d' tests/demo-packages
	sed -i '/^ethtool$/d' tests/packages
	add_script tests/vm
	: >tests/vm/packages # nothing of it is missing
	run -1 tests/commands
	[[ $output == *'ethtool (tests/cli/'*'): in ethtool'* ]]
	[[ $output == *'kill (tests/demo): in procps'* ]]
	[[ $output == *'pinpipe-tool (tests/vm/script): not installed by any list'* ]]
}
