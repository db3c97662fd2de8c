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
    CGROUP=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/pinpipe-docs-$$
    export CGROUP
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
    mkdir "$CGROUP" || return 1
    touch "$BATS_FILE_TMPDIR/network"
}

teardown_file() {
    [[ ! -e $BATS_FILE_TMPDIR/pinger ]] || kill "$(cat "$BATS_FILE_TMPDIR/pinger")" || true
    if [[ $EUID == 0 ]]; then
        "$BIN/ebpf-load" --unload 2>/dev/null || true
        ip netns del "$HERE" 2>/dev/null || true
        ip netns del "$THERE" 2>/dev/null || true
        rmdir "$CGROUP" 2>/dev/null || true
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
    [[ -e $BATS_FILE_TMPDIR/network ]] || skip "no network namespaces, veth pairs or cgroup2 here"
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
    line=${line//\/sys\/fs\/cgroup\/app/$CGROUP}
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
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
        "$BIN/${page%.*}" --help | listed >help
        page_text "$page" | section OPTIONS | listed >documented
        [[ -s help ]]
        diff help documented
    done
}

@test "pages name the defaults of --help, the layout, and the size of each record" {
    need mandoc mandoc
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
        page_text "$page" | section OPTIONS >options
        "$BIN/${page%.*}" --help | grep -o 'default [0-9][0-9]*' | while read -r _ number; do
            grep -qw "$number" options || { echo "$page: $number" && return 1; }
        done
    done
    page_text ebpf-load.8 | tr -s ' \n' ' ' >load
    # Of a record, with the header of 8 that a ring has for each.
    while read -r record text; do
        size=$(sed -n "s/^RECORD_SIZE(${record}_record, \([0-9]*\));/\1/p" "$ROOT/bpf/abi/events.h")
        grep -F " $((size + 8)) bytes $text" load
    done <<'SIZES'
icmp of icmp,
bind of bind,
conn of conn,
deny of deny,
message and its payload of tcp and udp.
SIZES
    version=$(sed -n 's/^#define LAYOUT_VERSION \([0-9]*\)$/\1/p' "$ROOT/bpf/abi/control.h")
    grep -F "layout version ($version)" load
    most=$(sed -n 's/^#define PAYLOAD_MAX \([0-9]*\) .*/\1/p' "$ROOT/bpf/abi/events.h")
    grep -F "0 to $most; 0 by default" load
    for limit in PIDS COMMS PORTS; do
        sed -n "s/^#define FILTER_$limit *//p" "$ROOT/bpf/abi/control.h"
    done >limits
    page_text ebpf-read.1 | section OPTIONS | grep -o 'At most [0-9]*' | sed 's/At most //' | diff limits -
}

@test "pages have every section" {
    need mandoc mandoc
    for page in ebpf-load.8 ebpf-read.1 ebpf-ctl.8 ebpf-top.1 ebpf-store.1 ebpf-web.1; do
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
    load --xdp eth0 --sockets --cgroup "$CGROUP"
    try_examples < <(man_examples ebpf-read.1)
    [[ $(wc -l <events.ndjson) == 100 ]]
}

@test "examples of ebpf-top(1) run" {
    need mandoc mandoc
    need_network
    load --sockets
    try_examples < <(man_examples ebpf-top.1)
}

@test "examples of ebpf-store(1) run" {
    need mandoc mandoc
    need_network
    load --sockets
    try_examples < <(man_examples ebpf-store.1)
    [[ -s usage.db && -s copy.db ]]
}

@test "examples of ebpf-web(1) run" {
    need mandoc mandoc
    need_network
    inside "$HERE" ip link set lo up
    load --sockets
    try_examples < <(man_examples ebpf-web.1)
    [[ -s usage.db ]]
}

@test "ebpf-web(5) has every route" {
    need mandoc mandoc
    page_text ebpf-web.5 >page
    grep -o '{"/[a-z0-9/*]*", [a-z]' "$ROOT/tools/web/http/routes.cpp" | cut -d '"' -f 2 | while read -r route; do
        [[ $route == "/*" || $route == /logout ]] || grep -F " ${route%\*}" page || { echo "not in the page: $route" && return 1; }
    done
}

@test "ebpf-store(5) has every table and column, and its examples run" {
    need mandoc mandoc
    need sqlite3 sqlite3
    "$BIN/ebpf-store" made.db </dev/null
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

@test "examples of ebpf-ctl(8) run" {
    need mandoc mandoc
    need_network
    need curl curl
    load --xdp eth0 --sockets --cgroup "$CGROUP"
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
    load --xdp eth0 --sockets --cgroup "$CGROUP"
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
    need curl curl
    load --xdp eth0 --xdp eth1
    inside "$HERE" ip link set lo up
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
{"v":1,"event_type":"usage","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":1,"pid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact","proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,"bytes_sent":100,"bytes_received":2000,"calls_sent":1,"calls_received":2,"interval_ms":500,"byte_layer":"socket"}
{"v":1,"event_type":"usage","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":2,"host":"vm","pid":7529,"ppid":7524,"uid":0,"comm":"","cgroup_id":"18446744073709551615","start_time":1795231767048,"attribution":"bootstrap","proto":"packet","bytes_sent":0,"bytes_received":5,"calls_sent":0,"calls_received":1,"interval_ms":0,"total":true,"byte_layer":"socket"}
{"v":1,"event_type":"lost","timestamp":1795231768050,"timestamp_us":1795231768050078,"stream":"usage","reason":"full","count":7,"bytes_sent":100,"bytes_received":0,"calls_sent":7,"calls_received":0}
{"v":1,"event_type":"tcp","timestamp":1795231767061,"timestamp_us":1795231767061007,"seq":1,"direction":"out","proto":"tcp","local_ip":"192.0.2.2","local_port":40112,"remote_ip":"192.0.2.1","remote_port":80,"bytes":73,"pid":7529,"tid":7530,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","thread":"worker","cgroup_id":"1","start_time":1795231767048,"attribution":"exact","community_id":"1:XfK0MxwfWPU3YwUb/2pBYokYycU=","payload_len":16,"payload_truncated":true,"payload":"R0VUIC8gSFRUUC8xLjENCg==","payload_printable":"GET / HTTP/1.1\\x0d\\x0a"}
{"v":1,"event_type":"tcp","timestamp":1795231767063,"timestamp_us":1795231767063150,"seq":2,"host":"vm","direction":"in","proto":"mptcp","local_ip":"2001:db8::2","local_port":40112,"remote_ip":"2001:db8::1","remote_port":80,"bytes":3,"pid":7529,"tid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact","payload_len":3,"payload_truncated":false,"payload_hex":"225c00","payload_printable":"\"\\x5c\\x00"}
{"v":1,"event_type":"tcp","timestamp":1795231767070,"timestamp_us":1795231767070000,"seq":3,"direction":"in","proto":"tcp","local_ip":"192.0.2.1","local_port":80,"remote_ip":"192.0.2.2","remote_port":40112,"bytes":9000,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"listener"}
{"v":1,"event_type":"udp","timestamp":1795231767050,"timestamp_us":1795231767050003,"seq":4,"direction":"in","proto":"udp","local_port":5353,"bytes":0,"pid":7529,"tid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"conn","timestamp":1795231767060,"timestamp_us":1795231767060811,"seq":5,"action":"connect","direction":"out","proto":"tcp","local_ip":"192.0.2.2","local_port":40112,"remote_ip":"192.0.2.1","remote_port":80,"duration_ms":0,"duration_us":214,"retransmits":0,"srtt_us":205,"pid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact","community_id":"1:XfK0MxwfWPU3YwUb/2pBYokYycU="}
{"v":1,"event_type":"conn","timestamp":1795231767060,"timestamp_us":1795231767060790,"seq":6,"action":"accept","direction":"in","proto":"tcp","local_ip":"192.0.2.1","local_port":80,"remote_ip":"192.0.2.2","remote_port":40112,"srtt_us":180,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"listener","community_id":"1:XfK0MxwfWPU3YwUb/2pBYokYycU="}
{"v":1,"event_type":"conn","timestamp":1795231768061,"timestamp_us":1795231768061100,"seq":7,"action":"close","reason":"closed","closed_by":"remote","direction":"in","proto":"tcp","local_ip":"192.0.2.1","local_port":80,"remote_ip":"192.0.2.2","remote_port":40112,"duration_ms":1000,"duration_us":1000310,"bytes_sent":9000,"bytes_received":73,"retransmits":2,"srtt_us":190,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"exact","community_id":"1:XfK0MxwfWPU3YwUb/2pBYokYycU="}
{"v":1,"event_type":"conn","timestamp":1795231769000,"timestamp_us":1795231769000009,"seq":8,"action":"connect","reason":"refused","errno":111,"error":"ECONNREFUSED","direction":"out","proto":"tcp","local_ip":"192.0.2.2","local_port":40114,"remote_ip":"192.0.2.1","remote_port":81,"duration_ms":0,"duration_us":96,"retransmits":0,"pid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"conn","timestamp":1795231769100,"timestamp_us":1795231769100009,"seq":9,"action":"close","reason":"aborted","direction":"in","proto":"tcp","local_ip":"::1","local_port":80,"remote_ip":"::1","remote_port":40116,"bytes_sent":0,"bytes_received":0,"retransmits":0,"attribution":"none"}
{"v":1,"event_type":"bind","timestamp":1795231767000,"timestamp_us":1795231767000120,"seq":10,"action":"listen","proto":"tcp","local_ip":"::","local_port":80,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"bootstrap"}
{"v":1,"event_type":"bind","timestamp":1795231767049,"timestamp_us":1795231767049000,"seq":11,"action":"bind","proto":"udp","local_ip":"0.0.0.0","local_port":5353,"pid":7529,"tid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"deny","timestamp":1795231769300,"timestamp_us":1795231769300007,"seq":12,"action":"deny","rule":"curl","reason":"connect","direction":"out","proto":"tcp","remote_ip":"192.0.2.1","remote_port":81,"port":81,"pid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"2901","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"deny","timestamp":1795231769310,"timestamp_us":1795231769310007,"seq":13,"action":"audit","rule":"/usr/sbin/nginx","reason":"bind","direction":"in","proto":"tcp","local_ip":"::","local_port":81,"port":81,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"exact"}
{"v":1,"event_type":"deny","timestamp":1795231769320,"timestamp_us":1795231769320007,"seq":14,"action":"deny","reason":"create","direction":"out","proto":"raw","pid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"2901","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"deny","timestamp":1795231769330,"timestamp_us":1795231769330007,"seq":15,"host":"vm","action":"deny","rule":"pid:812","reason":"ingress","direction":"in","proto":"tcp","local_ip":"192.0.2.1","local_port":80,"remote_ip":"192.0.2.2","remote_port":40112,"port":80,"suppressed":7,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"exact","community_id":"1:XfK0MxwfWPU3YwUb/2pBYokYycU="}
{"v":1,"event_type":"lost","timestamp":1795231769200,"timestamp_us":1795231769200001,"stream":"tcp","count":3}
{"v":1,"event_type":"bind","timestamp":1795231769400,"timestamp_us":1795231769400120,"seq":16,"action":"close","proto":"udp","local_ip":"0.0.0.0","local_port":5353,"pid":7529,"tid":7529,"ppid":7524,"uid":1000,"comm":"curl","exe":"/usr/bin/curl","cgroup_id":"1","start_time":1795231767048,"attribution":"exact"}
{"v":1,"event_type":"bind","timestamp":1795231770000,"timestamp_us":1795231770000120,"seq":17,"action":"close","proto":"tcp","local_ip":"::","local_port":80,"pid":812,"ppid":1,"uid":33,"comm":"nginx","cgroup_id":"2901","start_time":1795218600010,"attribution":"bootstrap"}
{"v":1,"event_type":"ports","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":3,"local_port":5050,"proto":"tcp","ifname":"eth0","packets_received":6,"bytes_received":505,"packets_sent":4,"bytes_sent":379,"owners":[{"pid":812,"comm":"nginx","uid":33,"start_time":1795218600010,"attribution":"exact","bytes_received":101,"bytes_sent":103,"byte_layer":"socket"}],"interval_ms":1000,"byte_layer":"packet"}
{"v":1,"event_type":"ports","timestamp":1795231768050,"timestamp_us":1795231768050078,"seq":4,"host":"vm","local_port":5353,"proto":"udp","ifname":"eth0","packets_received":2,"bytes_received":120,"interval_ms":1000,"byte_layer":"packet"}
{"v":1,"event_type":"ports","timestamp":1795231769050,"timestamp_us":1795231769050078,"seq":5,"local_port":5050,"proto":"tcp","ifname":"lo","packets_received":0,"bytes_received":0,"packets_sent":0,"bytes_sent":0,"owners":[{"pid":812,"comm":"nginx","uid":33,"start_time":1795218600010,"attribution":"bootstrap","bytes_received":0,"bytes_sent":0,"byte_layer":"socket"},{"pid":813,"comm":"","uid":0,"start_time":1795218600020,"attribution":"exact","bytes_received":7,"bytes_sent":0,"byte_layer":"socket","exited":true}],"interval_ms":60000,"total":true,"byte_layer":"packet"}
{"v":1,"event_type":"ports","timestamp":1795231769050,"timestamp_us":1795231769050078,"seq":6,"local_port":5050,"proto":"tcp","ifname":"eth1","packets_received":1,"bytes_received":74,"packets_sent":1,"bytes_sent":54,"owners":[],"interval_ms":1000,"byte_layer":"packet"}
{"v":1,"event_type":"ports","timestamp":1795231769050,"timestamp_us":1795231769050078,"seq":7,"ifname":"lo","fragments_received":0,"malformed_received":3,"fragments_sent":2,"interval_ms":1000,"byte_layer":"packet"}
{"v":1,"event_type":"lost","timestamp":1795231769050,"timestamp_us":1795231769050078,"stream":"ports","ifname":"eth0","count":7,"bytes":700}
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

validators = {kind: validator(kind) for kind in ("icmp", "tcp", "udp", "conn", "bind", "deny", "usage", "ports", "lost")}
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

# Messages, connections, failed ones and bound sockets, over and over, by a process named chatter.
chatter() { # FILE that is made once it is bound
    cat >chatter.py <<'PROGRAM'
import socket, sys, time

open("/proc/self/comm", "w").write("chatter")
kept = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
kept.bind(("::", 0))
open(sys.argv[1], "w").close()
while True:
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    client = socket.create_connection(address)
    peer = server.accept()[0]
    client.sendall(b'"\\\x00' + b"x" * 97)
    peer.recv(1000)
    client.close()
    peer.recv(1)
    peer.close()
    server.close()
    try:
        socket.create_connection(address)
    except ConnectionRefusedError:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        datagrams.sendto(b"hello", datagrams.getsockname())
        datagrams.recv(100)
    time.sleep(0.01)
PROGRAM
    inside "$HERE" ip link set lo up
    nsenter --net="/run/netns/$HERE" timeout 60 "$PYTHON" chatter.py "$1" 2>chatter.err 3>&- &
    CHATTER=$!
    for _ in {1..200}; do
        [[ ! -e $1 ]] || return 0
        sleep 0.05
    done
    cat chatter.err && return 1
}

@test "schemas accept what ebpf-read prints of messages, connections and bound sockets" {
    need_validator
    need_network
    load --sockets --payload 64
    chatter bound
    "$BIN/ebpf-read" tcp udp conn bind -n 400 -t 20 --include-self --host-name --community-id >events
    "$BIN/ebpf-read" tcp udp -n 20 -t 20 --comm chatter --hex >hex
    "$BIN/ebpf-read" tcp udp -n 20 -t 20 --comm chatter --no-payload >without
    "$BIN/ebpf-read" all -n 50 -t 20 --include-self >everything
    kill "$CHATTER"
    cat events hex without everything | refused >out
    [[ ! -s out ]] || { cat out && return 1; }
    # each shape is among them
    while IFS= read -r shape; do
        jq -e -s "any(.[]; $shape)" events >/dev/null || { echo "none: $shape" && return 1; }
    done <<'SHAPES'
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
    jq -e -s 'any(.[]; has("payload_hex")) and all(.[]; has("payload") | not)' hex
    jq -e -s 'length > 0 and all(.[]; has("payload_len") | not)' without
    jq -e -s 'length > 0 and all(.[]; has("payload_len") | not)' everything
}

# What rules refuse, of every kind, over and over, by a process named denied in the cgroup. It may use TCP port 81.
offender() { # FILE that is made once it has begun
    cat >offender.py <<'PROGRAM'
import socket, sys, time

open("/proc/self/comm", "w").write("denied")

def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
lite = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)
lite.connect(("127.0.0.1", 9))
listener = socket.socket()
listener.listen()
listener.setblocking(False)
open(sys.argv[1], "w").close()
while True:
    for family, any_address, address in ((socket.AF_INET, "", "127.0.0.1"), (socket.AF_INET6, "::", "::1")):
        refused(socket.socket(family).connect, (address, 9))
        refused(socket.socket(family).bind, (any_address, 9))
        refused(socket.socket, family, socket.SOCK_RAW, 253)
    refused(udp.sendto, b"x", ("127.0.0.1", 9))
    refused(lite.send, b"x")
    with open("port", "w") as file:
        file.write(str(listener.getsockname()[1]))
    time.sleep(0.05)
PROGRAM
    inside "$HERE" ip link set lo up
    # shellcheck disable=SC2016 # for the inner shell
    nsenter --net="/run/netns/$HERE" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$CGROUP" \
        timeout 60 "$PYTHON" offender.py "$1" 2>offender.err 3>&- &
    OFFENDER=$!
    for _ in {1..200}; do
        [[ ! -e $1 || ! -e port ]] || return 0
        sleep 0.05
    done
    cat offender.err && return 1
}

@test "schemas accept what ebpf-read prints of denials" {
    need_validator
    need_network
    load --cgroup "$CGROUP"
    "$BIN/ebpf-ctl" allow 81 denied 2>/dev/null
    offender begun
    # Somebody else knocks at a port that may not be served.
    (while sleep 0.1; do
        inside "$HERE" timeout 0.1 bash -c "echo >/dev/tcp/127.0.0.1/$(cat port)" || true
    done) >/dev/null 2>&1 3>&- &
    local knocker=$!
    "$BIN/ebpf-read" deny -n 300 -t 20 --comm denied --host-name --community-id >events
    "$BIN/ebpf-ctl" audit on
    "$BIN/ebpf-read" all -n 10 -t 20 --include-self >audited
    kill "$knocker" "$OFFENDER"
    cat events audited | refused >out
    [[ ! -s out ]] || { cat out && return 1; }
    # each shape is among them
    while IFS= read -r shape; do
        jq -e -s "any(.[]; $shape)" events >/dev/null || { echo "none: $shape" && return 1; }
    done <<'SHAPES'
.reason == "connect" and .rule == "denied" and .remote_ip == "::1" and .port == 9
.reason == "bind" and .direction == "in" and .local_ip == "0.0.0.0" and .local_port == 9
.reason == "create" and .proto == "raw" and (has("port") | not)
.reason == "sendmsg" and .proto == "udp" and .suppressed > 0
.reason == "egress" and .proto == "udplite" and .local_ip == "127.0.0.1" and has("community_id")
.reason == "ingress" and .direction == "in" and .proto == "tcp" and .port == .local_port
SHAPES
    jq -e -s 'length == 10 and all(.[]; .event_type == "deny" and .action == "audit")' audited
    for name in ecs eve otel; do
        jq -c -f "$ROOT/share/jq/$name.jq" events >converted
        [[ $(wc -l <converted) == $(wc -l <events) ]]
    done
}

# A TCP and a UDP server on port 5050 of lo, by a process named listener, and what they are sent, whole and in
# fragments, over and over; and a packet that is malformed.
listener() { # FILE that is made once both are bound
    cat >listener.py <<'PROGRAM'
import socket, sys, time

open("/proc/self/comm", "w").write("listener")
server = socket.create_server(("127.0.0.1", 5050))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 5050))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("lo", 0))
open(sys.argv[1], "w").close()
while True:
    client = socket.create_connection(("127.0.0.1", 5050))
    peer = server.accept()[0]
    client.sendall(b"x" * 100)
    peer.recv(1000)
    client.close()
    peer.close()
    datagrams.sendto(b"x" * 4000, ("127.0.0.1", 5050))
    datagrams.recv(5000)
    wire.send(bytes(12) + b"\x08\x00" + b"\x45" + bytes(45))
    time.sleep(0.02)
PROGRAM
    inside "$HERE" ip link set lo mtu 1500 up
    nsenter --net="/run/netns/$HERE" timeout 60 "$PYTHON" listener.py "$1" 2>listener.err 3>&- &
    LISTENER=$!
    for _ in {1..200}; do
        [[ ! -e $1 ]] || return 0
        sleep 0.05
    done
    cat listener.err && return 1
}

# Until one of the lines in the file events is like that.
until_told() { # JQ
    for _ in {1..200}; do
        ! jq -e -s "any(.[]; $1)" events >/dev/null || return 0
        sleep 0.05
    done
    echo "not told: $1" && return 1
}

@test "schemas accept what ebpf-read prints of watched ports" {
    need_validator
    need_network
    load --xdp lo --sockets
    "$BIN/ebpf-ctl" watch 5050/both
    listener bound
    "$BIN/ebpf-read" ports -i 0.1 -t 60 --host-name >events 3>&- &
    local reader=$!
    while IFS= read -r shape; do
        until_told "$shape"
    done <<'SHAPES'
.proto == "tcp" and .packets_received > 0 and .owners[0].comm == "listener" and .owners[0].bytes_received > 0
.proto == "udp" and .local_port == 5050 and .bytes_received > .packets_received and .ifname == "lo"
.fragments_received > 0 and .malformed_received > 0 and (has("local_port") | not)
SHAPES
    "$BIN/ebpf-read" ports --since-load >totals
    "$BIN/ebpf-read" ports -i 0.1 -n 4 -t 20 --port 5050 --proto udp --comm listener >filtered
    kill "$LISTENER"
    until_told '.owners[]?.exited'
    kill -INT "$reader"
    wait "$reader"
    load --xdp lo
    "$BIN/ebpf-ctl" watch 5050/both
    listener again
    "$BIN/ebpf-read" ports -i 0.1 -n 5 -t 20 >without
    kill "$LISTENER"
    cat events totals filtered without | refused >out
    [[ ! -s out ]] || { cat out && return 1; }
    jq -e -s 'any(.[]; .proto == "tcp") and all(.[]; .total)' totals
    jq -e -s 'length == 4 and all(.[]; .proto == "udp" and .owners[0].comm == "listener")' filtered
    jq -e -s 'length == 5 and all(.[]; has("owners") | not)' without
    for name in ecs eve otel; do
        jq -c -f "$ROOT/share/jq/$name.jq" events >converted
        [[ $(wc -l <converted) == $(wc -l <events) ]]
    done
}

@test "tcp.schema.json and udp.schema.json refuse broken events" {
    need_validator
    refuses_each tcp '.event_type == "tcp" and .payload' <<'PROGRAMS'
.event_type = "udp"
.direction = "both"
.proto = "udp"
.local_ip = "192.0.2.256"
.local_ip = "0:::1"
.local_port = 0
.local_port = 65536
.remote_ip = null
.remote_port = "80"
del(.remote_ip)
.bytes = -1
.bytes = 4294967296
.pid = 0
del(.pid)
del(.ppid)
del(.uid)
del(.comm)
del(.cgroup_id)
del(.start_time)
del(.tid)
.tid = 0
.thread = ""
.comm = "0123456789abcdef"
.cgroup_id = 1
.attribution = "guessed"
.attribution = "none"
.community_id = "XfK0MxwfWPU3YwUb/2pBYokYycU="
del(.payload_len)
.payload_len = 0
.payload_len = 2001
del(.payload_truncated)
.payload_truncated = 1
del(.payload)
.payload = ""
.payload = "R0VUIC8gSFRUUC8xLjENCg"
.payload_hex = "00"
del(.payload_printable)
.payload_printable = "GET / HTTP/1.1\r\n"
.payload_printable = "a\\b"
.payload_printable = "\u00e4"
PROGRAMS
    refuses_each tcp '.payload_hex' <<'PROGRAMS'
.payload_hex = "0"
.payload_hex = "0G"
.payload_hex = "AB"
.payload = "AAAA"
del(.payload_len)
PROGRAMS
    refuses_each udp '.event_type == "udp"' <<'PROGRAMS'
.proto = "tcp"
.remote_port = 53
.payload = "AAAA"
.payload_len = 1
PROGRAMS
    for kind in tcp udp; do
        jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/$kind.schema.json" >required
        [[ $(wc -l <required) == 9 ]]
        refuses_each "$kind" ".event_type == \"$kind\"" <required
    done
}

@test "conn.schema.json refuses broken events" {
    need_validator
    refuses_each conn '.action == "connect" and .reason == null' <<'PROGRAMS'
.event_type = "tcp"
.action = "open"
.proto = "mptcp"
.reason = "closed"
.reason = "refused"
.reason = null
.errno = 111
.error = "ECONNREFUSED"
.closed_by = "local"
del(.retransmits)
del(.duration_ms)
del(.duration_us)
.duration_us = -1
.srtt_us = 0
.bytes_sent = 1
.bytes_sent = 1 | .bytes_received = 1
.tid = "1" | .pid = "1"
.attribution = "none"
PROGRAMS
    refuses_each conn '.reason == "refused"' <<'PROGRAMS'
.errno = 0
.error = "refused"
.error = 111
del(.errno)
del(.error, .errno)
.reason = "aborted"
.closed_by = "remote"
PROGRAMS
    refuses_each conn '.action == "accept"' <<'PROGRAMS'
.direction = "out"
.retransmits = 0
.duration_ms = 1 | .duration_us = 1000
.reason = "aborted"
.bytes_sent = 0 | .bytes_received = 0
PROGRAMS
    refuses_each conn '.reason == "closed"' <<'PROGRAMS'
del(.reason)
del(.closed_by)
.closed_by = "both"
.errno = 104
del(.bytes_sent)
del(.bytes_received)
del(.bytes_sent, .bytes_received)
del(.retransmits)
.reason = "reset"
PROGRAMS
    refuses_each conn '.attribution == "none"' <<'PROGRAMS'
.pid = 1
.attribution = "exact"
.closed_by = "local"
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/conn.schema.json" >required
    [[ $(wc -l <required) == 9 ]]
    refuses_each conn '.action == "accept"' <required
}

@test "bind.schema.json refuses broken events" {
    need_validator
    refuses_each bind '.action == "listen"' <<'PROGRAMS'
.event_type = "conn"
.action = "open"
.proto = "udp"
.proto = "sctp"
.local_ip = ""
.local_ip = "*"
.local_port = 0
.pid = 0
.tid = 812
.thread = "worker"
.attribution = "exact"
.attribution = "none"
.attribution = "listener"
PROGRAMS
    refuses_each bind '.action == "bind"' <<'PROGRAMS'
del(.tid)
.attribution = "bootstrap"
.thread = "0123456789abcdef"
PROGRAMS
    refuses_each bind '.action == "close" and .tid' <<'PROGRAMS'
.action = "listen"
del(.tid)
.local_port = 0
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/bind.schema.json" >required
    [[ $(wc -l <required) == 15 ]]
    refuses_each bind '.action == "listen"' <required
}

@test "deny.schema.json refuses broken events" {
    need_validator
    refuses_each deny '.reason == "connect"' <<'PROGRAMS'
.event_type = "conn"
.action = "allow"
.rule = ""
.rule = null
.reason = "accept"
.direction = "in"
.direction = "both"
.proto = ""
.proto = "TCP"
.proto = 6
.local_ip = "192.0.2.2"
.remote_ip = "192.0.2.256"
.remote_port = 0
del(.remote_ip)
.port = 0
.port = 65536
.port = "81"
.suppressed = 0
.suppressed = -1
.pid = 0
.comm = "0123456789abcdef"
.cgroup_id = 1
.attribution = "none"
.attribution = "bootstrap"
.community_id = "1:XfK0MxwfWPU3YwUb/2pBYokYycU="
.reason = "sendmsg"
.reason = "bind"
.reason = "create"
PROGRAMS
    refuses_each deny '.reason == "bind"' <<'PROGRAMS'
.direction = "out"
.local_ip = "*"
del(.local_ip)
del(.local_port)
del(.port)
.remote_ip = "192.0.2.2"
.reason = "egress"
PROGRAMS
    refuses_each deny '.reason == "create"' <<'PROGRAMS'
.direction = "in"
.port = 1
.local_port = 1
.remote_ip = "192.0.2.2"
.suppressed = 1
PROGRAMS
    refuses_each deny '.reason == "ingress"' <<'PROGRAMS'
.reason = "egress"
.community_id = "1:"
del(.local_port)
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/deny.schema.json" >required
    [[ $(wc -l <required) == 16 ]]
    refuses_each deny '.reason == "connect"' <required
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

@test "ports.schema.json refuses broken events" {
    need_validator
    refuses_each ports '.owners' <<'PROGRAMS'
.event_type = "usage"
.local_port = 0
.local_port = 65536
.local_port = "5050"
del(.local_port)
del(.proto)
.proto = "mptcp"
.proto = "TCP"
.ifname = ""
.packets_received = -1
del(.packets_received)
del(.bytes_received)
.bytes_received = 1.5
del(.packets_sent)
del(.bytes_sent)
.bytes_sent = null
.fragments_received = 1 | .malformed_received = 0
.malformed_received = 1
.fragments_sent = 1
.owners = {}
.owners = null
.owners = [1]
.owners[0].pid = 0
.owners[0].comm = "0123456789abcdef"
.owners[0].attribution = "listener"
.owners[0].exited = false
.owners[0].byte_layer = "packet"
del(.owners[0].pid)
del(.owners[0].comm)
del(.owners[0].uid)
del(.owners[0].start_time)
del(.owners[0].attribution)
del(.owners[0].bytes_sent)
del(.owners[0].bytes_received)
del(.owners[0].byte_layer)
.total = false
.byte_layer = "socket"
PROGRAMS
    refuses_each ports '.malformed_received' <<'PROGRAMS'
.local_port = 5050
.packets_received = 1
.owners = []
.malformed_received = 0 | .fragments_sent = 0
.malformed_received = 0 | del(.fragments_sent)
.fragments_sent = -1
del(.fragments_received)
del(.malformed_received)
PROGRAMS
    jq -r '.required[] | "del(.\(.))"' "$ROOT/share/schema/ports.schema.json" >required
    [[ $(wc -l <required) == 8 ]]
    refuses_each ports '.owners' <required
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
.stream = "ports"
PROGRAMS
    refuses_each lost '.stream == "ports"' <<'PROGRAMS'
.ifname = ""
del(.ifname)
del(.bytes)
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
        .process == {pid: 7529, name: "curl", executable: "/usr/bin/curl", parent: {pid: 7524}, user: {id: "1000"}, start: "2026-11-21T03:29:27.048Z"}
        and .destination == {address: "192.0.2.1", ip: "192.0.2.1", port: 443, bytes: 2000}
        and .source.bytes == 100 and .network == {transport: "tcp", bytes: 2100} and .event.duration == 500000000'
    # a send, a receive, a connect, a close by the other side, a failure, nobody, a listener
    sed -n 9p out | jq -e '
        .source == {address: "192.0.2.2", ip: "192.0.2.2", port: 40112, bytes: 73} and .destination.port == 80
        and .network.direction == "egress" and .event.action == "send" and .process.thread == {id: 7530, name: "worker"}
        and .pinpipe.payload == {bytes: 16, truncated: true, base64: "R0VUIC8gSFRUUC8xLjENCg==",
            printable: "GET / HTTP/1.1\\x0d\\x0a"}'
    sed -n 10p out | jq -e '.source.port == 80 and .destination.port == 40112 and .network.type == "ipv6"
        and .network.direction == "ingress" and .event.action == "receive" and .pinpipe.payload.hex == "225c00"'
    sed -n 12p out | jq -e '.source == {bytes: 0} and .destination == {port: 5353} and (.network | has("type") | not)'
    sed -n 13p out | jq -e '.event.type == ["connection", "start"] and .event.outcome == "success"
        and .event.duration == 214000 and .network.community_id == "1:XfK0MxwfWPU3YwUb/2pBYokYycU="'
    sed -n 15p out | jq -e '.event.type == ["connection", "end"] and .event.reason == "closed"
        and .source.ip == "192.0.2.2" and .source.bytes == 73 and .destination.bytes == 9000 and .network.bytes == 9073'
    sed -n 16p out | jq -e '.event.outcome == "failure" and .event.reason == "refused" and .error == {code: "ECONNREFUSED"}'
    sed -n 17p out | jq -e '(has("process") | not) and .pinpipe.attribution == "none"'
    sed -n 18p out | jq -e '.event.action == "listen" and .server == {address: "::", ip: "::", port: 80}'
    # denied at connect, audited at bind, a raw socket, a packet that came in
    sed -n 20p out | jq -e '.event.category == ["network"] and .event.type == ["connection", "denied"]
        and .event.outcome == "failure" and .event.action == "deny" and .event.reason == "connect"
        and .rule == {name: "curl"} and .destination == {address: "192.0.2.1", ip: "192.0.2.1", port: 81}'
    sed -n 21p out | jq -e '.event.type == ["connection", "allowed"] and .event.outcome == "success"
        and .destination == {address: "::", ip: "::", port: 81} and .rule.name == "/usr/sbin/nginx"'
    sed -n 22p out | jq -e '(has("rule") or has("destination") | not) and .network == {transport: "raw", direction: "egress"}'
    sed -n 23p out | jq -e '.source.port == 40112 and .pinpipe.suppressed == 7 and .pinpipe.port == 80'
    sed -n 25p out | jq -e '.event.action == "close" and .event.type == ["info", "end"] and .server.port == 5353'
    # a port with one owner, one without socket probes, one with two owners, what has no port, what was not counted
    sed -n 27p out | jq -e '.server == {port: 5050, bytes: 379, packets: 4} and .client == {bytes: 505, packets: 6}
        and .network == {transport: "tcp", bytes: 884, packets: 10} and .event.duration == 1000000000
        and .process == {pid: 812, name: "nginx", user: {id: "33"}, start: "2026-11-20T23:50:00.010Z"}
        and .pinpipe.owners[0].bytes_sent == 103 and .observer.ingress.interface.name == "eth0"'
    sed -n 28p out | jq -e '.server == {port: 5353} and .network == {transport: "udp"} and (has("process") | not)
        and (.pinpipe | has("owners") | not) and .host.hostname == "vm"'
    sed -n 29p out | jq -e '(has("process") | not) and [.pinpipe.owners[].pid] == [812, 813] and .pinpipe.total'
    sed -n 31p out | jq -e '.pinpipe == {fragments_received: 0, malformed_received: 3, fragments_sent: 2, byte_layer: "packet"}'
    sed -n 32p out | jq -e '.pinpipe.lost == {stream: "ports", count: 7, bytes: 700}
        and .observer.ingress.interface.name == "eth0"'
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
    sed -n 9p out | jq -e '.src_ip == "192.0.2.2" and .dest_port == 80 and .payload == "R0VUIC8gSFRUUC8xLjENCg=="
        and .payload_printable == "GET / HTTP/1.1\\x0d\\x0a" and .tcp.bytes == 73 and .tcp.tid == 7530'
    sed -n 14p out | jq -e '.src_port == 40112 and .dest_port == 80 and .conn.action == "accept" and .conn.comm == "nginx"'
    sed -n 19p out | jq -e '.proto == "UDP" and .bind.local_port == 5353 and .bind.attribution == "exact"'
    sed -n 20p out | jq -e '.event_type == "drop" and .drop == {reason: "connect"} and .verdict == {action: "drop"}
        and .dest_ip == "192.0.2.1" and .dest_port == 81 and .deny.rule == "curl" and .deny.pid == 7529'
    sed -n 21p out | jq -e '.event_type == "alert" and .verdict == {action: "alert"} and .deny.action == "audit"
        and .alert == {action: "allowed", signature: "nginx may not use port 81 of tcp"} and (has("drop") | not)'
    sed -n 22p out | jq -e '.event_type == "drop" and .proto == "RAW" and (has("dest_ip") | not)'
    sed -n 23p out | jq -e '.src_port == 40112 and .dest_port == 80 and .deny.suppressed == 7'
    sed -n 26p out | jq -e '.proto == "TCP" and .bind.action == "close" and .bind.pid == 812'
    sed -n 27p out | jq -e '. == {timestamp: "2026-11-21T03:29:28.050078+0000", in_iface: "eth0", event_type: "ports",
        dest_port: 5050, proto: "TCP", ports: {packets_received: 6, bytes_received: 505, packets_sent: 4,
        bytes_sent: 379, owners: .ports.owners, interval_ms: 1000}} and .ports.owners[0].comm == "nginx"'
    sed -n 31p out | jq -e '(has("proto") or has("dest_port") | not)
        and .ports == {fragments_received: 0, malformed_received: 3, fragments_sent: 2, interval_ms: 1000}'
    sed -n 32p out | jq -e '.in_iface == "eth0" and .lost.count == 7'
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
    sed -n 9p out | jq -e '
        .["event.name"] == "pinpipe.tcp" and .["network.io.direction"] == "transmit" and .["thread.name"] == "worker"
        and .["network.local.port"] == 40112 and .["network.peer.port"] == 80 and .["pinpipe.payload_len"] == 16'
    sed -n 16p out | jq -e '.["error.type"] == "ECONNREFUSED" and .["pinpipe.conn.action"] == "connect"'
    sed -n 17p out | jq -e '.["network.type"] == "ipv6" and .["error.type"] == "aborted" and (has("process.pid") | not)'
    sed -n 18p out | jq -e '.["pinpipe.bind.action"] == "listen" and .["network.local.address"] == "::"'
    sed -n 20p out | jq -e '.["event.name"] == "pinpipe.deny" and .["pinpipe.deny.rule"] == "curl"
        and .["network.peer.port"] == 81 and .["pinpipe.deny.port"] == 81 and .["process.pid"] == 7529'
    sed -n 23p out | jq -e '.["pinpipe.deny.reason"] == "ingress" and .["pinpipe.deny.suppressed"] == 7'
    sed -n 26p out | jq -e '.["pinpipe.bind.action"] == "close" and .["network.local.port"] == 80'
    sed -n 27p out | jq -e '.["event.name"] == "pinpipe.ports" and .["network.local.port"] == 5050
        and .["network.interface.name"] == "eth0" and .["pinpipe.packets_received"] == 6 and .["process.pid"] == 812
        and (.["pinpipe.owners"] | fromjson)[0].bytes_received == 101'
    sed -n 29p out | jq -e '(has("process.pid") | not) and (.["pinpipe.owners"] | fromjson | map(.pid)) == [812, 813]'
    sed -n 31p out | jq -e '.["pinpipe.malformed_received"] == 3 and .["pinpipe.fragments_sent"] == 2
        and (has("network.local.port") | not)'
    sed -n 32p out | jq -e '.["network.interface.name"] == "eth0" and .["pinpipe.lost.bytes"] == 700'
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
    bash --norc -c '. "$ROOT/share/completions/pinpipe.bash" && complete -p ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web'
    [[ $(completed ebpf-read ic) == icmp ]]
    [[ $(completed ebpf-read "") == "icmp tcp udp conn bind deny usage ports all" ]]
    [[ $(completed ebpf-read --direction "") == "in out" ]]
    [[ $(completed ebpf-read --incl) == --include-self ]]
    [[ $(completed ebpf-load --payload "") == "" ]]
    [[ $(completed ebpf-read --commu) == --community-id ]]
    [[ $(completed ebpf-load --probe "") == "fentry tracepoint kprobe" ]]
    [[ $(completed ebpf-read --by "") == port ]]
    [[ $(completed ebpf-store --by pr) == "process proto" ]]
    [[ $(completed ebpf-top --by p) == "process port" ]]
    [[ $(completed ebpf-store re) == report ]]
    [[ $(completed ebpf-web --make-password "") == "view room" ]]
    [[ $(completed ebpf-read --proto icmp,icmpv) == icmp,icmpv6 ]]
    [[ " $(completed ebpf-read --if l) " == *" lo "* ]]
    [[ " $(completed ebpf-load --xdp l) " == *" lo "* ]]
    [[ $(completed ebpf-load --xdp lo : g) == generic ]]
    [[ $(completed ebpf-load --xdp = l) == *lo* ]]
    [[ $(completed ebpf-load --unl) == --unload ]]
    mkdir -p cgroups/app
    touch cgroups/app.txt
    [[ $(completed ebpf-load --cgroup cgroups/) == cgroups/app ]]
    [[ " $(completed ebpf-load --admin-group "") " == *" root "* ]]
    [[ $(completed ebpf-ctl st) == status ]]
    [[ $(completed ebpf-ctl wat) == "watch watches" ]]
    [[ $(completed ebpf-ctl ch) == children ]]
    [[ $(completed ebpf-ctl children "") == "on off" ]]
    [[ $(completed ebpf-load --watch "") == "" ]]
    [[ $(completed ebpf-read -n 1) == "" ]]
}

@test "bash completes every option of --help" {
    for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web; do
        "$BIN/$tool" --help | listed | grep -o -- '--[a-z-]*' | sort >help
        completed "$tool" -- | tr ' ' '\n' | sort >offered
        diff help offered
    done
}

@test "zsh completions have every option of --help" {
    for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web; do
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
