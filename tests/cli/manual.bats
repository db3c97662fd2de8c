# SPDX-License-Identifier: MIT
# Manual pages are well formed, and agree with the tools and headers.
load documents

@test "mandoc finds nothing to warn of in the manual pages" {
	mandoc -Tlint -W warning "$tree"/man/*.[1-8]
}

# Prints a page's lines as mandoc or groff (which man-db's man calls) sets them, without header and footer, and without
# what the two may write differently: dashes, quotes, bullets, widths of columns. groff 1.23 quotes references to sections.
lines_by() { # mandoc | groff, PAGE
	local titles
	titles=$(sed -n 's/^\.S[hs] \(.*\)/s|"\1"|\1|g/p' "$2")
	case $1 in
	mandoc) mandoc -Tascii -O width=900 "$2" ;;
	groff) groff -mandoc -Tascii -rLL=900n -rHY=0 -P-c -P-u -P-b "$2" ;;
	esac | sed -n $'s/.\b//g; /^NAME/,$p' | sed '$d' | sed "s/\`/'/g; s/ --* / - /" | tr -s ' ' | sed 's/^ //; s/^[o*] /* /; s|: https*://[^ ]*||; /^$/d' | sed "$titles"
}

@test "mandoc and groff set the same lines of each page" {
	local page
	for page in "$tree"/man/*.[1-8]; do
		lines_by mandoc "$page" >by_mandoc
		lines_by groff "$page" >by_groff 2>warned
		[[ $(wc -l <by_mandoc) -gt 20 ]]
		diff by_mandoc by_groff || { echo "$page" && return 1; }
		diff /dev/null warned || { echo "$page" && return 1; }
	done
}

@test "pages write long options with two dashes" {
	for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
		"$bin/${page%.*}" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u | sed 's/^-//' >short
		[[ -s short ]]
		page_text "$page" | grep -oE -- '(^|[^-[:alnum:]])-[a-z][a-z-]+' | sed 's/^[^-]//' >written || :
		! grep -xFf short written || { echo "$page" && return 1; }
	done
}

@test "pages and --help list the same options" {
	for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
		"$bin/${page%.*}" --help | listed >help
		page_text "$page" | section OPTIONS | listed >documented
		[[ -s help ]]
		diff help documented
	done
}

@test "pages name the defaults of --help, the layout, and the size of each record" {
	for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
		page_text "$page" | section OPTIONS >options
		"$bin/${page%.*}" --help | grep -o 'default [0-9][0-9]*' | while read -r _ number; do
			grep -qw "$number" options || { echo "$page: $number" && return 1; }
		done
	done
	page_text ebpf-load.8 | tr -s ' \n' ' ' >load
	# The size of a record, with the 8 bytes of a ring buffer's header.
	while read -r record text; do
		size=$(sed -n "s/^RECORD_SIZE(${record}_record, \([0-9]*\));/\1/p" "$tree/bpf/abi/events.h")
		grep -F " $((size + 8)) bytes $text" load
	done <<'SIZES'
icmp of icmp,
bind of bind,
conn of conn,
deny of deny,
message and its payload of tcp and udp.
SIZES
	version=$(sed -n 's/^#define LAYOUT_VERSION \([0-9]*\)$/\1/p' "$tree/bpf/abi/control.h")
	grep -F "layout version ($version)" load
	most=$(sed -n 's/^#define PAYLOAD_MAX \([0-9]*\) .*/\1/p' "$tree/bpf/abi/events.h")
	grep -F "0 to $most; 0 by default" load
	for limit in PIDS COMMS PORTS; do
		sed -n "s/^#define FILTER_$limit *//p" "$tree/bpf/abi/control.h"
	done >limits
	page_text ebpf-read.1 | section OPTIONS | grep -o 'At most [0-9]*' | sed 's/At most //' | diff limits -
}

@test "pages have every section" {
	for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
		for name in NAME SYNOPSIS DESCRIPTION OPTIONS OUTPUT FILES "EXIT STATUS" EXAMPLES SECURITY "SEE ALSO"; do
			page_text "$page" | section "$name" >text
			[[ -s text ]] || { echo "$page: $name" && return 1; }
		done
	done
}

@test "pages name every exit status" {
	page_text ebpf-read.1 | section "EXIT STATUS" | awk '/^     [0-9]/ { printf "%s ", $1 }' >statuses
	[[ $(cat statuses) == "0 1 2 69 74 77 " ]]
}

@test "ebpf-store(5) has every table and column, and its examples run" {
	"$bin/ebpf-store" made.db </dev/null
	page_text ebpf-store.5 >page
	sqlite3 made.db "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND (t.name, c.name) <> ('state', 'id')" | tr '|' '\n' | sort -u >words
	[[ -s words ]]
	while IFS= read -r word; do
		grep -qw -- "$word" page || { echo "not in the page: $word" && return 1; }
	done <words
	grep -Fw "$(sqlite3 made.db 'PRAGMA user_version')," page
	section EXAMPLES <page >examples.sql
	sqlite3 -bail made.db <examples.sql
}
