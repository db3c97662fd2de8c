# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the test files of JSON Schemas share: a validator.
# shellcheck disable=SC2154 # documents.bash sets it

# Prints each line of standard input that its schema does not accept: an event, or "KIND<tab>EVENT".
refused() {
	local python
	for python in python3 /usr/bin/python3; do # the first may be one without Debian's packages
		! "$python" -c 'import jsonschema' 2>/dev/null || break
	done
	"$python" "$BATS_TEST_DIRNAME/refused.py" "$tree/share/schema"
}

# Whether all schemas take all lines of standard input; those that are not taken are shown.
accepted() {
	refused >out
	cat out
	[[ ! -s out ]]
}
