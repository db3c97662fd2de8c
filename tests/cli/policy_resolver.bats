#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules for a resolver behind NAT, as in a container of Docker, and for those who ask it.
# shellcheck disable=SC2154,SC2016 # set by helper.bash; the inner shells'
load helper
load policy

teardown() { end_services; }

# Sends what goes to port 53 of 127.0.0.11, and UDP to its port 5300, to port 10053, as Docker does.
translate() {
	"${from_here[@]}" nft -f - <<-'END' || skip 'no NAT here'
		table ip pp {
			chain out {
				type nat hook output priority -100;
				ip daddr 127.0.0.11 udp dport { 53, 5300 } dnat to 127.0.0.11:10053
				ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:10053
			}
			chain after {
				type nat hook postrouting priority 100;
				ip saddr 127.0.0.11 udp sport 10053 snat to :53
				ip saddr 127.0.0.11 tcp sport 10053 snat to :53
			}
		}
	END
}

# Starts the resolver behind NAT, which knows no name itself, and a server of names that it asks.
start_resolver() { # PREFIX...
	dnsmasq=(dnsmasq -k -C /dev/null --no-resolv --no-hosts --bind-interfaces --user=root --pid-file=)
	start names "${from_there[@]}" "${dnsmasq[@]}" --listen-address=10.77.0.2 --host-record=name.example,192.0.2.7
	resolver=("$@" "${dnsmasq[@]}" --listen-address=127.0.0.11 --port=10053 --server=10.77.0.2 --cache-size=0)
	start resolver "${resolver[@]}"
	wait_until answers 10053
}

answers() { # PORT
	[ "$("${from_here[@]}" dig @127.0.0.11 -p "$1" +short +tries=1 +time=2 name.example A)" = 192.0.2.7 ]
}

# Prints how a process named PROCESS in the tests' cgroup gets on with port 53, then with ports that it may not use.
ask_resolver() { # PROCESS
	inside timeout 600 python3 "$BATS_TEST_DIRNAME/act.py" "$1" <<-'END'
		question = b'\x12\x34\1\0\0\1\0\0\0\0\0\0\4name\7example\0\0\1\0\1'
		def check(answer):
		    if answer[-4:] != socket.inet_aton('192.0.2.7'): raise OSError(errno.EBADMSG, 'another answer')
		def send(sock, port):
		    sock.settimeout(60)
		    sock.sendto(question, ('127.0.0.11', port))
		    check(sock.recvfrom(512)[0])
		def connect(sock, port):
		    sock.settimeout(60)
		    sock.connect(('127.0.0.11', port))
		    sock.send(question)
		    check(sock.recv(512))
		def stream(port):
		    with socket.create_connection(('127.0.0.11', port), 60) as sock:
		        sock.sendall(len(question).to_bytes(2, 'big') + question)
		        check(sock.makefile('rb').read(2 + len(question) + 16))
		one, two = datagram(), datagram()
		print('sent', attempt(send, one, 53), 'connected', attempt(connect, two, 53), 'tcp', attempt(stream, 53))
		print('translated', attempt(send, datagram(), 10053), attempt(connect, datagram(), 10053), attempt(stream, 10053))
		print('another', attempt(send, datagram(), 5300), attempt(connect, datagram(), 5300))
		print('used before', attempt(send, one, 10053), attempt(send, one, 53),
		      attempt(connect, two, 5300), attempt(connect, two, 53))
	END
}

all_ok=$'sent ok connected ok tcp ok\ntranslated ok ok ok\nanother ok ok\nused before ok ok ok ok'

@test "a resolver behind NAT: who may use port 53 gets answers of it, and may not use the translated port" {
	local denied=$'translated EPERM EPERM EPERM\nanother EPERM EPERM\nused before EPERM ok EPERM ok' who
	translate
	given --cgroup "$cgroup"
	start_resolver "${from_here[@]}"
	[ "$(ask_resolver pp-free)" = "$all_ok" ]
	for who in pp-ruled "any --cgroup $cgroup"; do
		# shellcheck disable=SC2086 # words
		ctl allow 53/udp $who --connect
		[ "$(ask_resolver pp-ruled)" = $'sent ok connected ok tcp EPERM\n'"$denied" ]
		# shellcheck disable=SC2086 # words
		ctl allow 53/tcp $who --connect
		[ "$(ask_resolver pp-ruled)" = $'sent ok connected ok tcp ok\n'"$denied" ]
		[ "$(ctl rules --json | jq '.[0].denied')" = 15 ]
		ctl revoke --all "${who%% *}"
	done
	# The rule is about the port that the program names, not about the one behind NAT.
	ctl allow 10053/both pp-ruled --connect
	[ "$(ask_resolver pp-ruled | head -n 2)" = $'sent EPERM connected EPERM tcp EPERM\ntranslated ok ok ok' ]
}

@test "a resolver behind NAT: programs of the system resolve through it with 53/udp, and without it do not" {
	translate
	given --cgroup "$cgroup"
	start_resolver "${from_here[@]}"
	echo nameserver 127.0.0.11 >resolv.conf
	echo hosts: dns >nsswitch.conf
	local files=()
	for file in resolv.conf nsswitch.conf; do
		[ ! -e "/etc/$file" ] || files+=("mount --bind $PWD/$file $(realpath "/etc/$file") &&")
	done
	contained() { inside unshare --mount bash -c "${files[*]}"' exec "$@"' bash "$@"; } # COMMAND...
	[ "$(contained getent ahostsv4 name.example | awk '{ print $1; exit }')" = 192.0.2.7 ]
	ctl allow 53/udp getent
	ctl allow 53/udp dig
	[ "$(contained getent ahostsv4 name.example | awk '{ print $1; exit }')" = 192.0.2.7 ]
	[ "$(contained dig +short +tries=1 +time=60 name.example A)" = 192.0.2.7 ]
	run ! contained dig +tcp +short +tries=1 +time=60 name.example A
	run ! contained dig -p 10053 +short +tries=1 +time=60 name.example A
	ctl allow 10053/udp getent
	ctl revoke 53/udp getent
	run ! contained getent ahostsv4 name.example
}

@test "a resolver behind NAT: ruled itself, it serves its own port and asks port 53 of its server" {
	translate
	given --cgroup "$cgroup"
	count_strays lan0 'udp dport 53' 'tcp dport 53'
	ctl allow 10053/both dnsmasq --serve
	ctl allow 53/both dnsmasq --connect
	start_resolver "${in_cgroup[@]}"
	[ "$(ask_resolver pp-free)" = "$all_ok" ]
	no_strays
	[ "$(ctl rules --json | jq '.[0].denied')" = 0 ]
	finish resolver TERM
	ctl allow 53/both dnsmasq --serve
	ctl revoke 10053/both dnsmasq
	start again "${resolver[@]}"
	finish again
	[ "$status" = 2 ]
	grep -q '127.0.0.11.*Operation not permitted' "$(err again)"
}
