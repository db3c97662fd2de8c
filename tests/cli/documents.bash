# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of documents: the text of manual pages and of --help, and events of every shape.
# shellcheck disable=SC2034 # the tests use them
bats_require_minimum_version 1.5.0

tree=$(realpath "$BATS_TEST_DIRNAME/../..")
export tree # for inner shells
bin=$PINPIPE_PREFIX/bin
export PATH=$bin:$PATH

setup() { cd "$BATS_TEST_TMPDIR" || return; }

need() { # COMMAND PACKAGE: skips without the command; the package is not in tests/packages
	command -v "$1" >/dev/null || skip "$1 is not installed: apt-get install $2"
}

page_text() { # PAGE
	mandoc -Tascii -O width=400 "$tree/man/$1" | sed $'s/.\b//g'
}

section() { # NAME, of a page's text on standard input
	awk -v name="$1" '/^[^ ]/ { inside = $0 == name; next } inside'
}

# Prints options with their arguments, as --help and the pages write them: "-n, --count N".
listed() {
	awk '/^  ? ? ? ? ?-/ { sub(/^ +/, ""); sub(/  .*/, ""); print }' | sort
}

# Prints one event of each shape, as ebpf-read does.
samples() { cat "$BATS_TEST_DIRNAME/samples.ndjson"; }
