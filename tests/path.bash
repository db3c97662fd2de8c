# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# To be sourced by what runs tests: PATH as root has it, also through sudo, and first a bpftool that works.
PATH=$PATH:/usr/sbin:/sbin
bpftool version >/dev/null 2>&1 ||
	PATH=$(dirname "$("$(dirname "${BASH_SOURCE[0]}")/../bpf/find-bpftool")"):$PATH
export PATH
