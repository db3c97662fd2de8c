#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: the lines that it takes, and gives back whole; lines that are none.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "lines come out again, with fields and events that are not known" {
	usage 1795000000 curl 192.0.2.1 10 200 ',"later":{"a":[1,2]},"byte_layer":"packet"' >lines
	usage 1795000001 '' ::1 0 0 >>lines
	cat >>lines <<'EOF'
{"v":1,"event_type":"icmp","timestamp":1795000001000,"timestamp_us":1795000001000001,"seq":3,"src_ip":"192.0.2.2"}
{"v":7,"event_type":"tomorrow","x":null,"y":-1.5e3}
{"v":1,"event_type":"lost","timestamp":1795000002000,"timestamp_us":1795000002000000,"stream":"icmp","count":17}
{"v":1,"event_type":"usage","timestamp":1795000003000,"pid":1,"bytes_sent":5,"bytes_received":6,"total":true}
EOF
	run -0 --separate-stderr "$store" --keep-raw 1000d a.db <lines
	[[ ${stderr_lines[-1]} = 'ebpf-store: 6 lines, 0 bad, 0 lost' ]]
	sed 's/"byte_layer":"socket","later"/"later"/' lines | jq -cS . >expected
	"$store" export a.db | jq -cS . | diff expected -
	[ "$(total a.db)" = '10 200' ]
	"$store" report a.db | grep -qx 'lost: 17 of icmp'
	[ "$("$store" report a.db --format json | jq -c 'select(.by == "total").lost')" = '{"icmp":17}' ]
	"$store" export a.db | "$store" --keep-raw 1000d b.db
	"$store" export b.db | jq -cS . | diff expected -
	"$store" check a.db
	usage 1795000000 curl 192.0.2.1 1 1 | sed 's/"v":1/"v":2/' | "$store" c.db
	[ "$("$store" export c.db | grep -o '"v":.' | xargs)" = v:2 ]
}

@test "bad lines are counted, told by their number, and skipped" {
	{
		usage 1795000000 a 192.0.2.1 1 1
		echo 'nonsense'
		printf '\n  \n'
		echo '{"event_type":"usage","timestamp":1,"bytes_sent":-1,"bytes_received":1}'
		printf '{"event_type":"icmp","comm":"\xff"}\n'
		usage 1795000000 b 192.0.2.1 1 1
		printf '[]'
	} >lines
	run -0 --separate-stderr "$store" a.db <lines
	[ "${stderr_lines[0]}" = 'ebpf-store: line 2 is no event: skipped' ]
	[ "${stderr_lines[1]}" = 'ebpf-store: line 5 is no event: skipped' ]
	[ "${stderr_lines[2]}" = 'ebpf-store: line 6 is no event: skipped' ]
	[ "${stderr_lines[3]}" = 'ebpf-store: line 8 is no event: skipped' ]
	[ "${stderr_lines[4]}" = 'ebpf-store: 2 lines, 4 bad, 0 lost' ]
	[ "$(total a.db)" = '2 2' ]
	run -0 --separate-stderr "$store" a.db < <(yes nonsense | head -n 100000)
	[ "${#stderr_lines[@]}" -lt 60 ]
	[ "${stderr_lines[-1]}" = 'ebpf-store: 0 lines, 100000 bad, 0 lost' ]
	run -0 --separate-stderr "$store" a.db < <(head -c 3000000 /dev/zero | tr '\0' '['; echo; usage 1 c 192.0.2.1 1 1)
	[ "${stderr_lines[-1]}" = 'ebpf-store: 1 line, 1 bad, 0 lost' ]
	# its first MiB is an event, the whole line is not
	run -0 --separate-stderr "$store" a.db < <(printf '{"event_type":"icmp"}%1048600s nonsense' '')
	[ "${stderr_lines[-1]}" = 'ebpf-store: 0 lines, 1 bad, 0 lost' ]
}

@test "hostile names reach no terminal" {
	local name=$'\\u001b]0;evil\\u0007\\u009b31m\\u202e\x7f\xc2\x9b\\n"-,'
	name=${name//\"/\\\"}
	usage 1795000000 "$name" 192.0.2.1 1000 1 ',"exe":"/tmp/\u001b[2J","more":"'$'\x7f\xc2\x9b''"' >lines
	printf '{"event_type":"icmp","x":\t"\xc2\x85\x7f"\r}\n{"event_type":"lost","stream":"\\u001b[1m","count":3,"timestamp":1795000000000}\n' >>lines
	"$store" a.db <lines
	local arguments
	for arguments in 'report a.db' 'report a.db --by exe' 'report a.db --format csv' 'report a.db --format json' \
		'report a.db --by exe --format csv -i 1m' 'export a.db'; do
		# shellcheck disable=SC2086 # words
		"$store" $arguments >out
		tr -d '\r' <out >plain
		[ "$(LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' plain)" = 0 ]
		[[ $arguments = *csv* || $(grep -c $'\r' out) = 0 ]]
		[[ $arguments != *json* && $arguments != export* ]] || jq -e . <out >parsed
	done
	[ "$("$store" report a.db | grep -c $'\u202e')" = 0 ]
	jq -c .comm lines | head -n 1 >expected
	"$store" export a.db | jq -c 'select(.event_type == "usage").comm' | diff expected -
	"$store" report a.db --format json | jq -c 'select(.by == "process").comm' | diff expected -
	run ! --separate-stderr "$store" report $'no\e[31m.db'
	[[ $stderr != *$'\e'* ]]
}
