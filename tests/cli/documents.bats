#!/usr/bin/env bats
# The documents and what is shipped beside the tools say what the tools do: manual pages, README, JSON Schemas,
# jq filters, completions. Examples are run in network namespaces of their own, with pins of their own.

bats_require_minimum_version 1.5.0

setup_file() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    BIN=$(cd "$ROOT" && cd "${EBPF_BIN:-build/bin}" && pwd)
    export ROOT BIN
    export EBPF_PIN_ROOT=/run/pinpipe-documents-$$
    export HERE=pinpipe-docs-a-$$ THERE=pinpipe-docs-b-$$
    mkdir "$BATS_FILE_TMPDIR/bin"
    printf '#!/bin/sh\nexec "$@"\n' >"$BATS_FILE_TMPDIR/bin/sudo"
    chmod +x "$BATS_FILE_TMPDIR/bin/sudo"
    export PATH=$BATS_FILE_TMPDIR/bin:$BIN:$PATH
    make_network || true
}

# Two namespaces joined by eth0 and eth1 each, and a ping from one to the other, all the time.
make_network() {
    [[ $EUID == 0 ]] || return 1
    ip netns add "$HERE" && ip netns add "$THERE" || return 1
    ip link add eth0 netns "$HERE" type veth peer name eth0 netns "$THERE" || return 1
    ip link add eth1 netns "$HERE" type veth peer name eth1 netns "$THERE" || return 1
    local side
    for side in "$HERE 192.0.2.1" "$THERE 192.0.2.2"; do
        # shellcheck disable=SC2086 # two words: a namespace and an address
        set -- $side
        inside "$1" ip addr add "$2/24" dev eth0
        inside "$1" ip link set eth0 up
        inside "$1" ip link set eth1 up
    done
    nsenter --net="/run/netns/$THERE" ping -q -i 0.01 192.0.2.1 >/dev/null 2>&1 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/pinger"
    touch "$BATS_FILE_TMPDIR/network"
}

teardown_file() {
    [[ ! -e $BATS_FILE_TMPDIR/pinger ]] || kill "$(cat "$BATS_FILE_TMPDIR/pinger")" || true
    if [[ $EUID == 0 ]]; then
        "$BIN/ebpf-load" --unload 2>/dev/null || true
        ip netns del "$HERE" 2>/dev/null || true
        ip netns del "$THERE" 2>/dev/null || true
    fi
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

inside() { # NAMESPACE COMMAND...
    nsenter --net="/run/netns/$1" "${@:2}"
}

need_network() {
    [[ $EUID == 0 ]] || skip "needs root"
    [[ -e $BATS_FILE_TMPDIR/network ]] || skip "no network namespaces or veth pairs here"
}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || skip "$1 is not installed: apt-get install $2"
}

need_validator() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import jsonschema' 2>/dev/null && PYTHON=$python && return
    done
    skip "python3-jsonschema is not installed"
}

load() { # ARGUMENT...: into the namespace, whatever was loaded before
    "$BIN/ebpf-load" --unload 2>/dev/null || true
    "$BIN/ebpf-load" --netns "$HERE" "$@" 2>load.err || { cat load.err && return 1; }
}

# --- text of the documents ---

page_text() { # PAGE
    mandoc -Tascii -O width=400 "$ROOT/man/$1" | sed $'s/.\b//g'
}

section() { # NAME, of a page's text on standard input
    awk -v name="$1" '/^[^ ]/ { inside = $0 == name; next } inside'
}

# Options with their arguments, as --help and the pages write both: "-n, --count N".
listed() {
    awk '/^  ? ? ? ? ?-/ { sub(/^ +/, ""); sub(/  .*/, ""); print }' | sort
}

man_examples() { # PAGE
    page_text "$1" | section EXAMPLES | sed -n 's/^ *[$#] //p'
}

readme_examples() {
    # shellcheck disable=SC2016 # backquotes of Markdown
    sed -n '/^```console/,/^```$/s/^\$ //p' "$ROOT/README.md"
}

# Runs an example in the namespace and fails unless it ends well. One that would never end is ended.
try_example() { # COMMAND LINE
    local line=$1 seconds=30 endless=""
    if [[ $line =~ ^ebpf-read && ! $line =~ \ -[nt]\  ]]; then
        endless=yes seconds=1
    fi
    line=${line//--netns blue/--netns $THERE}
    line=${line//\/usr\/local\/share\/pinpipe/$ROOT/share}
    line=${line//-t 10/-t 0.5}
    run --separate-stderr inside "$HERE" timeout -s INT "$seconds" bash -o pipefail -c "$line"
    [[ $status == 0 || ($endless && $status == 124) ]] && return
    printf '%s\n' "$line: status $status" "$output" "${stderr:-}"
    return 1
}

try_examples() { # reads command lines
    local line tried=0
    while IFS= read -r line; do
        try_example "$line" || return 1
        tried=$((tried + 1))
    done
    [[ $tried -gt 0 ]]
}

# --- manual pages ---

@test "mandoc finds nothing to warn of in the manual pages" {
    need mandoc mandoc
    mandoc -Tlint -W warning "$ROOT"/man/*.[1-8]
}

@test "pages and --help list the same options" {
    need mandoc mandoc
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1; do
        "$BIN/${page%.*}" --help | listed >help
        page_text "$page" | section OPTIONS | listed >documented
        [[ -s help ]]
        diff help documented
    done
}

@test "pages name the defaults of --help, and the size of a record" {
    need mandoc mandoc
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1; do
        page_text "$page" | section OPTIONS >options
        "$BIN/${page%.*}" --help | grep -o 'default [0-9][0-9]*' | while read -r _ number; do
            grep -qw "$number" options || { echo "$page: $number" && return 1; }
        done
    done
    size=$(sed -n 's/^RECORD_SIZE(icmp_record, \([0-9]*\));/\1/p' "$ROOT/bpf/events.h")
    page_text ebpf-load.8 | grep -w "$((size + 8)) bytes" # a ring has a header of 8 for each
}

@test "pages have every section" {
    need mandoc mandoc
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1; do
        for name in NAME SYNOPSIS DESCRIPTION OPTIONS OUTPUT FILES "EXIT STATUS" EXAMPLES SECURITY "SEE ALSO"; do
            page_text "$page" | section "$name" >text
            [[ -s text ]] || { echo "$page: $name" && return 1; }
        done
    done
}

@test "pages name every exit status" {
    need mandoc mandoc
    page_text ebpf-read.1 | section "EXIT STATUS" | awk '/^     [0-9]/ { printf "%s ", $1 }' >statuses
    [[ $(cat statuses) == "0 1 2 69 74 77 " ]]
}

@test "examples of ebpf-load(8) run" {
    need mandoc mandoc
    need_network
    getent group adm || skip "no group adm"
    try_examples < <(man_examples ebpf-load.8)
}

@test "examples of ebpf-read(1) run" {
    need mandoc mandoc
    need_network
    load --xdp eth0 --sockets
    try_examples < <(man_examples ebpf-read.1)
    [[ $(wc -l <events.ndjson) == 100 ]]
}

@test "examples of ebpf-top(1) run" {
    need mandoc mandoc
    need_network
    load --sockets
    try_examples < <(man_examples ebpf-top.1)
}

@test "examples of ebpf-ctl(8) run" {
    need mandoc mandoc
    need_network
    load --xdp eth0
    try_examples < <(man_examples ebpf-ctl.8)
}

@test "examples of pinpipe-events(5) run" {
    need mandoc mandoc
    need_network
    load --xdp eth0
    try_examples < <(man_examples pinpipe-events.5)
}

@test "ebpf-ctl status --json has the fields of its page" {
    need mandoc mandoc
    need_network
    load --xdp eth0 --sockets
    "$BIN/ebpf-ctl" status --json >status.json
    page_text ebpf-ctl.8 | section OUTPUT >text
    # Keys of the JSON; those of a reader appear while one is there, and are named in the page too.
    jq -r '[paths | map(strings) | .[]] | unique[]' status.json >keys
    [[ -s keys ]]
    while IFS= read -r key; do
        grep -qw -- "$key" text || { echo "not in the page: $key" && return 1; }
    done <keys
}

# --- README ---

@test "commands of the README run" {
    need_network
    load --xdp eth0 --xdp eth1
    try_examples < <(readme_examples)
}

@test "targets and files that the README names are there" {
    make --no-print-directory -C "$ROOT" help >targets
    grep -o 'make [a-z][a-z-]*' "$ROOT/README.md" | sort -u >named
    [[ -s named ]]
    while read -r _ target; do
        grep -qw -- "make $target" targets || { echo "no target: $target" && return 1; }
    done <named
    grep -o '](\([^):]*\))' "$ROOT/README.md" | tr -d ']()' >links
    while IFS= read -r path; do
        [[ -e $ROOT/$path ]] || { echo "no file: $path" && return 1; }
    done <links
}

# --- JSON Schemas ---

# One event of each shape, as ebpf-read prints them.
samples() {
    cat <<'EVENTS'
{"v":1,"event_type":"icmp","timestamp":1795218638468,"timestamp_us":1795218638468250,"seq":2,"src_ip":"192.0.2.2","dst_ip":"192.0.2.1","proto":"icmp","icmp_type":8,"icmp_code":0,"icmp_name":"echo-request","icmp_id":11493,"icmp_seq":1,"ttl":64,"length":84,"ip_version":4,"ifname":"eth0"}
{"v":1,"event_type":"icmp","timestamp":1795218904441,"timestamp_us":1795218904441803,"seq":2,"host":"vm","src_ip":"192.0.2.2","dst_ip":"192.0.2.1","proto":"icmp","icmp_type":8,"icmp_code":0,"icmp_name":"echo-request","icmp_id":7,"icmp_seq":9,"ttl":64,"length":28,"ip_version":4,"fragment":true,"vlan":10,"vlan_inner":20,"ifname":"eth0","community_id":"1:uNyfE1mJ1sU2Y9cCot3kz9fixCQ="}
{"v":1,"event_type":"icmp","timestamp":1795218904441,"timestamp_us":1795218904441814,"seq":4,"src_ip":"192.0.2.2","dst_ip":"192.0.2.1","proto":"icmp","icmp_type":200,"icmp_code":1,"ttl":64,"length":28,"ip_version":4,"ifname":"eth0"}
{"v":1,"event_type":"icmp","timestamp":1795218638359,"timestamp_us":1795218638359096,"seq":1,"src_ip":"fe80::7c1b:4dff:fe60:dffa","dst_ip":"ff02::2","proto":"icmpv6","icmp_type":133,"icmp_code":0,"icmp_name":"nd-router-solicit","ttl":255,"length":56,"ip_version":6,"ifname":"eth0"}
{"v":1,"event_type":"lost","timestamp":1795218705356,"timestamp_us":1795218705356827,"stream":"icmp","count":196}
{"v":1,"event_type":"usage","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":1,"pid":7529,"ppid":7524,"uid":1000,"comm":"curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact","proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,"bytes_sent":100,"bytes_received":2000,"calls_sent":1,"calls_received":2,"interval_ms":500,"byte_layer":"socket"}
{"v":1,"event_type":"usage","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":2,"host":"vm","pid":7529,"ppid":7524,"uid":0,"comm":"","cgroup_id":"18446744073709551615","start_time":1795231767048,"attribution":"bootstrap","proto":"packet","bytes_sent":0,"bytes_received":5,"calls_sent":0,"calls_received":1,"interval_ms":0,"total":true,"byte_layer":"socket"}
{"v":1,"event_type":"lost","timestamp":1795231768050,"timestamp_us":1795231768050078,"stream":"usage","reason":"full","count":7,"bytes_sent":100,"bytes_received":0,"calls_sent":7,"calls_received":0}
EVENTS
}

# Prints each line of standard input that its schema does not accept.
refused() {
    "$PYTHON" - "$ROOT/share/schema" 3<&0 <<'PROGRAM'
import json, os, sys
from jsonschema import Draft202012Validator, FormatChecker

def validator(kind):
    with open(os.path.join(sys.argv[1], kind + ".schema.json")) as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())

validators = {kind: validator(kind) for kind in ("icmp", "usage", "lost")}
for line in os.fdopen(3):
    kind, event = line.split("\t", 1) if "\t" in line else (json.loads(line)["event_type"], line)
    if not validators[kind].is_valid(json.loads(event)):
        print(line.rstrip())
PROGRAM
}

@test "schemas accept events of every shape" {
    need_validator
    samples | refused >out
    [[ ! -s out ]] || { cat out && return 1; }
    # changes only add
    samples | jq -c '. + {another: [1]}' | refused >out
    [[ ! -s out ]] || { cat out && return 1; }
}

@test "schemas accept what ebpf-read prints" {
    need_validator
    need_network
    load --xdp eth0 --xdp lo
    inside "$HERE" ip link set lo up
    inside "$HERE" ping -q -c 3 -i 0.2 ::1 >/dev/null 3>&- &
    "$BIN/ebpf-read" all -n 200 -t 20 --host-name --community-id >events
    [[ $(wc -l <events) == 200 ]]
    refused <events >out
    [[ ! -s out ]] || { cat out && return 1; }
}

@test "schemas accept what ebpf-read prints of usage" {
    need_validator
    need_network
    load --sockets
    inside "$THERE" ping -q -c 3 -i 0.01 192.0.2.1 >/dev/null
    "$BIN/ebpf-read" usage --since-load --by port --comm ping --host-name >events
    [[ -s events ]]
    refused <events >out
    [[ ! -s out ]] || { cat out && return 1; }
}

@test "usage.schema.json refuses broken events" {
    need_validator
    refuses_each usage '.event_type == "usage"' <<'PROGRAMS'
.event_type = "lost"
.pid = -1
.pid = "1"
.comm = 1
.comm = "0123456789abcdef"
.cgroup_id = 1
.bytes_sent = 1.5
.calls_received = null
.attribution = "guessed"
.byte_layer = "packet"
.total = false
.remote_port = 0
del(.remote_ip) | .remote_port = 53
.proto = ""
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/usage.schema.json" >required
    [[ $(wc -l <required) == 19 ]]
    refuses_each usage '.event_type == "usage"' <required
}

# Each jq program makes an event of its kind wrong; the schema must refuse every result.
refuses_each() { # KIND FILTER-FOR-THE-SAMPLE, programs on standard input
    local program sample
    sample=$(samples | jq -c "select($2)" | head -n 1)
    while IFS= read -r program; do
        printf '%s\t%s\n' "$1" "$(jq -c "$program" <<<"$sample")"
    done >wrong
    refused <wrong >out
    [[ -s wrong ]]
    diff wrong out
}

@test "icmp.schema.json refuses broken events" {
    need_validator
    refuses_each icmp '.icmp_type == 8' <<'PROGRAMS'
[.]
.v = 2
.v = true
.v = "1"
.event_type = "lost"
.timestamp = "1795218638468"
.timestamp = 1.5
.timestamp = -1
.timestamp_us = 9007199254740993
.seq = 0
.seq = null
.src_ip = "192.0.2.256"
.src_ip = "192.0.2"
.src_ip = "192.0.02.1"
.dst_ip = "fe80::1"
.proto = "icmpv6"
.proto = "ICMP"
.icmp_type = 256
.icmp_type = "8"
.icmp_code = -1
.icmp_name = ""
.icmp_name = null
del(.icmp_id)
del(.icmp_seq)
del(.icmp_id, .icmp_seq)
.icmp_seq = 65536
.ttl = 256
.length = 27
.length = 4294967296
.ip_version = 5
.ip_version = "4"
.ip_version = 6
.fragment = false
.vlan = 4096
.vlan_inner = 3
.ifname = ""
.ifname = "sixteen-letters-"
.host = 7
.community_id = "uNyfE1mJ1sU2Y9cCot3kz9fixCQ="
PROGRAMS
    refuses_each icmp '.ip_version == 6' <<'PROGRAMS'
.length = 47
.src_ip = "FE80::1"
.src_ip = "fe80:::1"
.src_ip = "192.0.2.1"
.proto = "icmp"
.icmp_type = 128
.icmp_id = 1
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/icmp.schema.json" >required
    [[ $(wc -l <required) == 13 ]]
    refuses_each icmp '.icmp_type == 8' <required
}

@test "lost.schema.json refuses broken events" {
    need_validator
    refuses_each lost '.event_type == "lost"' <<'PROGRAMS'
.event_type = "icmp"
.count = 0
.count = 1.5
.count = "196"
.stream = ""
.stream = 0
.timestamp = null
.v = 0
.reason = "full"
.reason = "tired"
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/lost.schema.json" >required
    [[ $(wc -l <required) == 6 ]]
    refuses_each lost '.event_type == "lost"' <required
}

# --- jq filters ---

converted() { # NAME
    samples | jq -c -f "$ROOT/share/jq/$1.jq"
}

@test "jq filters convert every event, and write no null" {
    for name in ecs eve otel; do
        converted "$name" >out
        [[ $(wc -l <out) == $(samples | wc -l) ]]
        jq -e -s '[.. | nulls] == []' out
        samples | jq -c '.event_type = "other"' | jq -c -f "$ROOT/share/jq/$name.jq" >out
        [[ ! -s out ]]
    done
}

@test "ecs.jq writes documents of the Elastic Common Schema" {
    converted ecs >out
    sed -n 1p out | jq -e '
        .["@timestamp"] == "2026-11-20T23:50:38.468Z"
        and .source.ip == "192.0.2.2" and .destination.ip == "192.0.2.1"
        and .network.transport == "icmp" and .network.iana_number == "1" and .network.type == "ipv4"
        and .event.category == ["network"] and .event.sequence == 2 and .event.action == "echo-request"
        and .observer.ingress.interface.name == "eth0" and (has("host") | not)'
    sed -n 2p out | jq -e '
        .network.vlan.id == "10" and .network.inner.vlan.id == "20" and .host.hostname == "vm"
        and .network.community_id == "1:uNyfE1mJ1sU2Y9cCot3kz9fixCQ="'
    sed -n 4p out | jq -e '.network.transport == "ipv6-icmp" and .network.type == "ipv6"'
    sed -n 5p out | jq -e '.pinpipe.lost == {stream: "icmp", count: 196}'
    sed -n 6p out | jq -e '
        .process == {pid: 7529, name: "curl", parent: {pid: 7524}, user: {id: "1000"}, start: "2026-11-21T03:29:27.048Z"}
        and .destination == {address: "192.0.2.1", ip: "192.0.2.1", port: 443, bytes: 2000}
        and .source.bytes == 100 and .network == {transport: "tcp", bytes: 2100} and .event.duration == 500000000'
}

@test "eve.jq writes Suricata's names" {
    converted eve >out
    sed -n 2p out | jq -e '. == {
        timestamp: "2026-11-20T23:55:04.441803+0000", in_iface: "eth0", event_type: "icmp", vlan: [10, 20],
        src_ip: "192.0.2.2", dest_ip: "192.0.2.1", proto: "ICMP", ip_v: 4, icmp_type: 8, icmp_code: 0,
        community_id: "1:uNyfE1mJ1sU2Y9cCot3kz9fixCQ=", host: "vm",
        icmp: {name: "echo-request", id: 7, seq: 9, ttl: 64, length: 28, fragment: true}}'
    # a fraction with leading zeroes
    sed -n 4p out | jq -e '.timestamp == "2026-11-20T23:50:38.359096+0000" and .proto == "IPv6-ICMP" and .ip_v == 6'
    sed -n 6p out | jq -e '.proto == "TCP" and .dest_port == 443 and .usage.bytes_received == 2000 and (has("host") | not)'
}

@test "otel.jq writes flat attributes" {
    converted otel >out
    jq -e -s 'all(.[]; all(.[]; type != "object" and type != "array"))' out
    sed -n 1p out | jq -e '
        .["source.address"] == "192.0.2.2" and .["destination.address"] == "192.0.2.1"
        and .["network.type"] == "ipv4" and .["network.transport"] == "icmp"
        and .["network.io.direction"] == "receive" and .["network.interface.name"] == "eth0"'
    sed -n 6p out | jq -e '
        .["process.pid"] == 7529 and .["process.creation.time"] == "2026-11-21T03:29:27.048000Z"
        and .["network.peer.port"] == 443 and .["pinpipe.bytes_sent"] == 100'
}

# --- completions, groups ---

completed() { # WORD...: what bash completes the last of them to
    bash --norc -c '
        . "$ROOT/share/completions/pinpipe.bash"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _pinpipe "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[*]}"' bash "$@"
}

@test "bash completes streams, options, arguments and interfaces" {
    bash --norc -c '. "$ROOT/share/completions/pinpipe.bash" && complete -p ebpf-load ebpf-read ebpf-ctl ebpf-top'
    [[ $(completed ebpf-read ic) == icmp ]]
    [[ $(completed ebpf-read "") == "icmp usage all" ]]
    [[ $(completed ebpf-read --commu) == --community-id ]]
    [[ $(completed ebpf-load --probe f) == fentry ]]
    [[ $(completed ebpf-read --by "") == port ]]
    [[ $(completed ebpf-read --proto icmp,icmpv) == icmp,icmpv6 ]]
    [[ " $(completed ebpf-read --if l) " == *" lo "* ]]
    [[ " $(completed ebpf-load --xdp l) " == *" lo "* ]]
    [[ $(completed ebpf-load --xdp lo : g) == generic ]]
    [[ $(completed ebpf-load --xdp = l) == *lo* ]]
    [[ $(completed ebpf-load --unl) == --unload ]]
    [[ $(completed ebpf-ctl st) == status ]]
    [[ $(completed ebpf-read -n 1) == "" ]]
}

@test "bash completes every option of --help" {
    for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top; do
        "$BIN/$tool" --help | listed | grep -o -- '--[a-z-]*' | sort >help
        completed "$tool" -- | tr ' ' '\n' | sort >offered
        diff help offered
    done
}

@test "zsh completions have every option of --help" {
    for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top; do
        file=$ROOT/share/completions/_$tool
        [[ $(head -n 1 "$file") == "#compdef $tool" ]]
        "$BIN/$tool" --help | listed | grep -o -- '--[a-z-]*' | sort >help
        grep '^  ' "$file" | grep -o -- '--[a-z-]*\[\|,--[a-z-]*' | tr -d '[,' | sort >offered
        diff help offered
    done
}

@test "zsh completions parse" {
    need zsh zsh
    for file in "$ROOT"/share/completions/_*; do
        zsh -n "$file"
    done
}

@test "sysusers file makes both groups" {
    need systemd-sysusers systemd
    [[ $EUID == 0 ]] || skip "needs root"
    mkdir -p root/etc
    systemd-sysusers --root="$PWD/root" "$ROOT/share/sysusers/pinpipe.conf"
    grep '^ebpf:' root/etc/group
    grep '^ebpf-admin:' root/etc/group
}
