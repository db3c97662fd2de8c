# SPDX-License-Identifier: MIT
# JSON Schemas and the jq filters accept what ebpf-read prints, of each stream and of every shape.
load documents
load examples
load schemas

act() { # ROLE [COMMAND...]: starts actors.py, with COMMAND before it
	start "$1" "${@:2}" python3 "$BATS_TEST_DIRNAME/actors.py" "$1"
	wait_until has_text "$(out "$1")" ready || { cat "$(err "$1")" && return 1; }
}

read_on() { # NAME ARGUMENT...: reads in the background
	start "$1" "$bin/ebpf-read" "${@:2}"
}

is_told() { jq -e -s "any(.[]; $2)" "$(out "$1")" >/dev/null 2>&1; } # NAME JQ

# For each jq condition on standard input, waits until a line of reader NAME meets it.
all_told() { # NAME
	local shape
	while IFS= read -r shape; do wait_until is_told "$1" "$shape"; done
}

converted_whole() { # FILE: succeeds if each jq filter makes one document of each line
	local name
	for name in ecs eve otel; do
		jq -c -f "$tree/share/jq/$name.jq" "$1" >converted
		[[ $(wc -l <converted) == $(wc -l <"$1") ]]
	done
}

@test "schemas accept what ebpf-read prints" {
	load_here --xdp eth0 --xdp lo
	start pings "${from_here[@]}" ping -q -c 3 -i 0.2 ::1
	"$bin/ebpf-read" all -n 200 -t 300 --host-name --community-id >events
	[[ $(wc -l <events) == 200 ]]
	accepted <events
}

@test "schemas accept what ebpf-read prints of usage" {
	load_here --sockets
	"${from_there[@]}" ping -q -c 3 -i 0.01 192.0.2.1 >/dev/null
	"$bin/ebpf-read" usage --since-load --by port --comm ping --host-name >events
	[[ -s events ]]
	accepted <events
}

@test "schemas accept what ebpf-read prints of messages, connections and bound sockets" {
	load_here --sockets --payload 64
	act chatter "${from_here[@]}"
	read_on events tcp udp conn bind --comm chatter --host-name --community-id
	all_told events <<'SHAPES'
.event_type == "tcp" and .direction == "out" and .payload_len == 64 and .payload_truncated
.event_type == "tcp" and .direction == "in" and (.payload_printable | startswith("\"\\x5c\\x00xxx"))
.event_type == "udp" and .payload == "aGVsbG8=" and (.payload_truncated | not)
.event_type == "conn" and .action == "connect" and (has("reason") | not) and has("community_id")
.event_type == "conn" and .action == "connect" and .reason == "refused" and .error == "ECONNREFUSED"
.event_type == "conn" and .action == "accept" and .attribution == "listener"
.event_type == "conn" and .action == "close" and .closed_by == "local" and .bytes_sent == 100
.event_type == "conn" and .action == "close" and .closed_by == "remote" and .bytes_received == 100
.event_type == "bind" and .action == "listen" and .attribution == "exact"
.event_type == "bind" and .action == "bind" and .local_ip == "::" and .attribution == "bootstrap"
.event_type == "bind" and .action == "close" and .proto == "tcp" and .attribution == "exact"
SHAPES
	finish events INT
	"$bin/ebpf-read" tcp udp -n 20 -t 300 --comm chatter --hex >hex
	"$bin/ebpf-read" tcp udp -n 20 -t 300 --comm chatter --no-payload >without
	"$bin/ebpf-read" all -n 50 -t 300 --include-self >everything
	cat "$(out events)" hex without everything | accepted
	jq -e -s 'any(.[]; has("payload_hex")) and all(.[]; has("payload") | not)' hex
	jq -e -s 'length > 0 and all(.[]; has("payload_len") | not)' without
	jq -e -s 'length > 0 and all(.[]; has("payload_len") | not)' everything
}

@test "schemas accept what ebpf-read prints of denials" {
	load_here --cgroup "$cgroup"
	"$bin/ebpf-ctl" allow 81 denied 2>/dev/null
	# shellcheck disable=SC2016 # for the inner shell
	act denied "${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup"
	# A client outside the rules connects to a port that may not be served.
	# shellcheck disable=SC2016 # for the inner shell
	start knocker "${from_here[@]}" bash -c 'while :; do timeout 0.1 bash -c "echo >/dev/tcp/127.0.0.1/$0"; done' \
		"$(sed -n 's/^port //p' "$(out denied)")"
	read_on events deny --comm denied --host-name --community-id
	all_told events <<'SHAPES'
.reason == "connect" and .rule == "denied" and .remote_ip == "::1" and .port == 9
.reason == "bind" and .direction == "in" and .local_ip == "0.0.0.0" and .local_port == 9
.reason == "create" and .proto == "raw" and (has("port") | not)
.reason == "sendmsg" and .proto == "udp" and .suppressed > 0
.reason == "egress" and .proto == "udplite" and .local_ip == "127.0.0.1" and has("community_id")
.reason == "ingress" and .direction == "in" and .proto == "tcp" and .port == .local_port
SHAPES
	finish events INT
	"$bin/ebpf-ctl" audit on
	"$bin/ebpf-read" all -n 10 -t 300 --include-self >audited
	cat "$(out events)" audited | accepted
	jq -e -s 'length == 10 and all(.[]; .event_type == "deny" and .action == "audit")' audited
	converted_whole "$(out events)"
}

@test "schemas accept what ebpf-read prints of watched ports" {
	"${from_here[@]}" ip link set lo mtu 1500
	load_here --xdp lo --sockets
	"$bin/ebpf-ctl" watch 5050/both
	act listener "${from_here[@]}"
	read_on events ports -i 0.1 --host-name
	all_told events <<'SHAPES'
.proto == "tcp" and .packets_received > 0 and .owners[0].comm == "listener" and .owners[0].bytes_received > 0
.proto == "udp" and .local_port == 5050 and .bytes_received > .packets_received and .ifname == "lo"
.fragments_received > 0 and .malformed_received > 0 and (has("local_port") | not)
SHAPES
	"$bin/ebpf-read" ports --since-load >totals
	"$bin/ebpf-read" ports -i 0.1 -n 4 -t 300 --port 5050 --proto udp --comm listener >filtered
	finish listener TERM
	wait_until is_told events '.owners[]?.exited'
	finish events INT
	load_here --xdp lo
	"$bin/ebpf-ctl" watch 5050/both
	act listener "${from_here[@]}"
	"$bin/ebpf-read" ports -i 0.1 -n 5 -t 300 >without
	cat "$(out events)" totals filtered without | accepted
	jq -e -s 'any(.[]; .proto == "tcp") and all(.[]; .total)' totals
	jq -e -s 'length == 4 and all(.[]; .proto == "udp" and .owners[0].comm == "listener")' filtered
	jq -e -s 'length == 5 and all(.[]; has("owners") | not)' without
	converted_whole "$(out events)"
}
