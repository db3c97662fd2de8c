# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of JSON Schemas: a validator.
# shellcheck disable=SC2154 # documents.bash sets it

# Prints each line of standard input that its schema does not accept: an event, or "KIND<tab>EVENT".
refused() {
	local python
	for python in python3 /usr/bin/python3; do # the first one may lack Debian's packages
		! "$python" -c 'import jsonschema' 2>/dev/null || break
	done
	"$python" "$BATS_TEST_DIRNAME/refused.py" "$tree/share/schema"
}

# Succeeds if the schemas accept all lines of standard input; prints those that they refuse.
accepted() {
	refused >out
	cat out
	[[ ! -s out ]]
}
