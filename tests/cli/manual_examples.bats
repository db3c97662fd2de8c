# SPDX-License-Identifier: MIT
# The examples of the manual pages and of the README run unchanged.
load documents
load examples

@test "examples of ebpf-load(8) run" {
	try_examples < <(man_examples ebpf-load.8)
}

@test "examples of ebpf-read(1) run" {
	load_here --xdp eth0 --sockets --cgroup "$cgroup"
	try_examples < <(man_examples ebpf-read.1)
	[[ $(wc -l <events.ndjson) == 100 ]]
}

@test "examples of ebpf-top(1) run" {
	load_here --sockets
	try_examples < <(man_examples ebpf-top.1)
}

@test "examples of ebpf-store(1) run" {
	load_here --sockets
	try_examples < <(man_examples ebpf-store.1)
	[[ -s usage.db && -s copy.db ]]
}

@test "examples of ebpf-web(1) run" {
	load_here --sockets
	try_examples < <(man_examples ebpf-web.1)
	[[ -s usage.db ]]
}

@test "examples of ebpf-ctl(8) run" {
	load_here --xdp eth0 --sockets --cgroup "$cgroup"
	try_examples < <(man_examples ebpf-ctl.8)
}

@test "examples of pinpipe-events(5) run" {
	load_here --xdp eth0
	try_examples < <(man_examples pinpipe-events.5)
}

@test "ebpf-ctl status --json has the fields of its page" {
	load_here --xdp eth0 --sockets --cgroup "$cgroup"
	"$bin/ebpf-ctl" status --json >status.json
	page_text ebpf-ctl.8 | section OUTPUT >text
	# Keys of the JSON. Those of a reader appear only while there is one; the page names them, too.
	jq -r '[paths | map(strings) | .[]] | unique[]' status.json >keys
	[[ -s keys ]]
	while IFS= read -r key; do
		grep -qw -- "$key" text || { echo "not in the page: $key" && return 1; }
	done <keys
}

# --- README ---

@test "commands of the README run" {
	load_here --xdp eth0 --xdp eth1
	try_examples < <(readme_examples)
}

@test "targets and files that the README names are there" {
	make --no-print-directory -C "$tree" help >targets
	grep -o 'make [a-z][a-z-]*' "$tree/README.md" | sort -u >named
	[[ -s named ]]
	while read -r _ target; do
		grep -qw -- "make $target" targets || { echo "no target: $target" && return 1; }
	done <named
	grep -o '](\([^):]*\))' "$tree/README.md" | tr -d ']()' >links
	while IFS= read -r path; do
		[[ -e $tree/$path ]] || { echo "no file: $path" && return 1; }
	done <links
}
