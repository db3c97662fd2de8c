#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules for real services: a web server that proxies and is reloaded, a resolver behind NAT, a container that restarts.
# shellcheck disable=SC2154,SC2016 # set by helper.bash; the inner shells'
load helper
load policy

teardown() {
	end_started
	echo 1 >"$cgroup/cgroup.kill" # nginx and containers: these have no trace of the test in their environment
	wait_until is_empty
	remove_root "$root"
	find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} +
	"${from_here[@]}" nft flush ruleset 2>/dev/null || :
	"${from_there[@]}" nft flush ruleset 2>/dev/null || :
}

is_empty() { grep -qx 'populated 0' "$cgroup/cgroup.events"; }

# A command prefix that runs a program in a cgroup below the tests' one; see in_cgroup.
in_below() { # NAME
	below=("${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$1")
}

# Counts the packets that come from interfaces and match none of the MATCHes of nft, except for what the kernel of the
# sender says without a socket: RST and unreachable ports.
count_strays() { # INTERFACES MATCH...
	local matches=("${@:2}")
	"${from_there[@]}" nft -f - <<-END || skip 'no nftables here'
		table ip pp {
			counter strays {}
			set kinds { typeof ip protocol . th sport . th dport; flags dynamic; size 1000; }
			chain arriving {
				type filter hook prerouting priority -300;
				iifname != "$1" accept
				${matches:+${matches[*]/%/ accept;}}
				tcp flags & (rst | syn | fin | psh) == rst ip length 40 accept
				icmp type destination-unreachable accept
				counter name strays
				add @kinds { ip protocol . th sport . th dport }
			}
		}
	END
}

strays() { "${from_there[@]}" nft -j list counter ip pp strays | jq '.nftables[].counter.packets // empty'; }

no_strays() {
	[ "$(strays)" = 0 ] || {
		"${from_there[@]}" nft list set ip pp kinds >&2
		return 1
	}
}

# --- a web server ---

# Writes a configuration of nginx that answers /own with ANSWER and proxies to three ports of the upstream.
configure() { # ANSWER PORT...
	cat >nginx.conf <<-END
		pid $PWD/pid; error_log $PWD/error; worker_processes 2; user www-data;
		events { worker_connections 256; }
		http {
		  access_log off; proxy_max_temp_file_size 0;
		  client_body_temp_path $PWD/b; proxy_temp_path $PWD/p; fastcgi_temp_path $PWD/f;
		  uwsgi_temp_path $PWD/u; scgi_temp_path $PWD/s;
		  server {
		    $(printf 'listen 10.77.0.1:%s; ' "${@:2}")
		    location = /own { return 200 $1; }
		    location = /through { proxy_pass http://10.77.0.2:8081; }
		    location = /astray { proxy_pass http://10.77.0.2:8082; }
		    location = /back { proxy_pass http://10.77.0.2:8080; }
		  }
		}
	END
}

# Starts nginx in the cgroup web, and an upstream that prints the port of each connection.
start_web() { # PORT...
	mkdir "$cgroup/web"
	in_below web
	prepare_nginx "10.77.0.1:$1"
	configure 1 "$@"
	start_there upstream <<-'END'
		import http.server
		class Upstream(http.server.BaseHTTPRequestHandler):
		    def setup(self):
		        os.write(1, f'{self.server.server_port}\n'.encode())
		        super().setup()
		    def do_GET(self):
		        self.send_response(200); self.send_header('Content-Length', '8'); self.end_headers()
		        self.wfile.write(b'upstream')
		    def log_message(self, *_): pass
		servers = [http.server.ThreadingHTTPServer(('10.77.0.2', port), Upstream) for port in (8080, 8081, 8082)]
		for server in servers: threading.Thread(target=server.serve_forever, daemon=True).start()
		said('serving'); threading.Event().wait()
	END
	wait_until [ -e serving ]
	"${below[@]}" "${nginx[@]}" 3>&-
	wait_until [ -s pid ]
}

get() { # PATH [PORT [SECONDS]]
	"${from_there[@]}" curl -sS --max-time "${3:-60}" -w ' %{http_code}\n' -o body "http://10.77.0.1:${2:-8080}$1" >code &&
		echo "$(<body)$(<code)"
}

# Asks for all paths by four threads until the file "over" is there; makes a file "seen-ANSWER" for each answer of /own.
start_asking() {
	"${from_there[@]}" sysctl -qw net.ipv4.tcp_tw_reuse=1 # or the ports of clients run out
	start_there load <<-'END'
		import http.client
		ends = set()
		def get(path):
		    client = http.client.HTTPConnection('10.77.0.1', 8080, timeout=600)
		    client.request('GET', path)
		    answer = client.getresponse()
		    body = answer.read().decode()
		    client.close()
		    if path == '/own': said('seen-' + body)
		    return answer.status
		def ask():
		    while not os.path.exists('over'):
		        for path in '/own', '/through', '/astray', '/back':
		            try: ends.add(f'{path} {get(path)}')
		            except OSError as error: ends.add(f'{path} {error}')
		threads = [threading.Thread(target=ask) for _ in range(4)]
		for thread in threads: thread.start()
		for thread in threads: thread.join()
		print(*sorted(ends), sep='\n')
	END
}

workers() { grep -vx "$(<pid)" "$cgroup/web/cgroup.procs"; }

are_gone() { # PID...
	local pid
	for pid; do is_gone "$pid" || return; done
}

# Gives nginx a configuration that answers N and waits until clients have got that answer and the old workers are gone.
reload() { # N HOW...
	local old
	mapfile -t old < <(workers)
	configure "$1" 8080
	"${@:2}"
	wait_until [ -e "seen-$1" ]
	wait_until are_gone "${old[@]}"
}

by_signal() { kill -HUP "$(<pid)"; }
by_command() { "${below[@]}" "${nginx[@]}" -s reload; }

# Another image of the program takes the place of the old one, with its listening sockets.
by_upgrade() {
	local old
	old=$(<pid)
	kill -USR2 "$old"
	wait_until [ -s pid.oldbin ]
	wait_until [ -s pid ]
	kill -QUIT "$old"
	wait_until is_gone "$old"
}

denials_in_log() { grep -c '(1: Operation not permitted)' error; }

nginx_is_held() { # SUBJECT...
	local n pid port
	given --cgroup "$cgroup"
	ctl allow 8080 "$@" --serve
	ctl allow 8081 "$@" --connect
	count_strays lan0 'tcp sport 8080 tcp dport >= 32768' 'tcp sport >= 32768 tcp dport 8081'
	start_web 8080
	[ "$(get /own)" = '1 200' ]
	[ "$(get /through)" = 'upstream 200' ]
	[[ "$(get /astray)" == *' 502' && "$(get /back)" == *' 502' ]]
	grep -q 'connect() to 10.77.0.2:8082 failed (1: Operation not permitted)' error
	grep -q 'connect() to 10.77.0.2:8080 failed (1: Operation not permitted)' error

	start_asking
	for n in 2 4 6; do
		reload $n by_signal
		reload $((n + 1)) by_command
	done
	reload 8 by_upgrade
	[ "$(workers | wc -l)" = 2 ]
	for pid in $(workers); do [ "$(stat -c %U "/proc/$pid")" = www-data ]; done

	# What it may connect to it may not serve; the workers that are there go on.
	for port in 8081 8083; do
		configure $port 8080 $port
		by_signal
		wait_until grep -q "bind() to 10.77.0.1:$port failed (1: Operation not permitted)" error
		[ "$(get /own)" = '8 200' ]
	done
	touch over
	finish load
	[ "$(<"$(out load)")" = $'/astray 502\n/back 502\n/own 200\n/through 200' ]
	[ ! -s "$(err load)" ]
	no_strays
	[ "$(sort -u "$(out upstream)")" = 8081 ]
	ctl rules --json >told
	[ "$(jq '.[0].denied' told)" = "$(denials_in_log)" ]
	[ "$(jq '.[0].rules[] | select(.first == 8081 and .side == "connect").hits' told)" = "$(wc -l <"$(out upstream)")" ]
}

@test "nginx by its name: serves and proxies by its rules alone, through reloads and an upgrade under load" {
	nginx_is_held nginx
}

@test "nginx by its cgroup: serves and proxies by its rules alone, through reloads and an upgrade under load" {
	nginx_is_held any --cgroup "$cgroup/web"
}

@test "nginx older than its rule: clients of a port that the rule has not get nothing, not from new workers either" {
	local old
	given --cgroup "$cgroup"
	start_web 8080 8083
	[ "$(get /own 8083)" = '1 200' ]
	ctl allow 8080 nginx --serve
	count_strays lan0 'tcp sport 8080 tcp dport >= 32768'
	run get /own 8083 2
	[ "$status" = 28 ]
	[ "$(get /own)" = '1 200' ]
	mapfile -t old < <(workers)
	configure 2 8080 8083
	by_signal
	wait_until are_gone "${old[@]}"
	[ "$(get /own)" = '2 200' ]
	run get /own 8083 2
	[ "$status" = 28 ]
	no_strays
	ctl allow 8083 nginx --serve
	[ "$(get /own 8083)" = '2 200' ]
}

# --- a resolver behind NAT ---

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

# --- a container ---

# Prints what container.py says after that many attempts of each kind.
all_denied() { # TIMES
	printf "%s: EPERM $1\n" {'bind ',}{'tcp 8081','udp 8080'} 'raw '{icmp,udp} 'tcp 8081 '{'at once','from 8080',mapped} \
		'udp 8081'{,' connected'}
}

restart() { # FIRST LAST
	start containers python3 "$BATS_TEST_DIRNAME/container.py" restart "$cgroup/app" "$there" "$@"
}

@test "a container that restarts 100 times under load: nothing but its port leaves it, from the first instruction on" {
	given --cgroup "$cgroup"
	ctl allow 8080 any --cgroup "$cgroup/app"
	count_strays 'app*' 'tcp sport 8080 tcp dport >= 32768' 'tcp sport >= 32768 tcp dport 8080'
	serve peer 8080 8081
	echo 1 | tee round unbound >/dev/null
	start load "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/container.py" load
	touch pause-50
	restart 1 100
	wait_until [ -e paused ]
	ctl rules --json >told
	[ "$(jq -c '.[0] | [.kind, .cgroup, .cgroup_present]' told)" = "[\"any\",\"$cgroup/app\",true]" ]
	[ "$(jq -r '.[0].cgroup_id' told)" = "$(stat -c %i "$cgroup/app")" ]
	touch go-on
	finish containers
	touch over
	finish load
	grep -v '^served ' "$(out containers)" | sort >said
	{ all_denied 150 && echo 'connect 8080: ok 100'; } | sort | diff - said
	no_strays
	[ "$(<"$(out load)")" = 'answered at 8080' ]

	ctl rules --json >told
	[ "$(jq -c '.[0] | [.cgroup_present, has("cgroup_id"), .mode]' told)" = '[false,false,"deny"]' ]
	[ "$(jq -c '[.[0].rules[] | [.proto, .first, .last, .side]]' told)" = '[["tcp",8080,8080,"both"]]' ]
	# Each container binds 8080, connects to it once, and has three clients or more.
	jq -e '.[0].denied >= 11 * 150 and .[0].rules[0].hits >= 5 * 100' told

	# The peer would have seen all that, had there been no rule.
	ctl revoke --all any
	rm over
	start load "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/container.py" load
	restart 101 101
	finish containers
	run ! grep EPERM "$(out containers)"
	[ "$(strays)" -ge 8 ]
}

@test "a cgroup made more often than there is room for cgroups: its rule holds each time, whatever other rules do" {
	given --cgroup "$cgroup"
	ctl allow 8080 any --cgroup "$cgroup/app"
	count_strays lan0
	ctl export >rules
	cat rules - <<<'allow 9000 pp-other' >with_other
	change() {
		while [ ! -e over ]; do
			{ ctl allow 9001 pp-another && ctl revoke 9001 pp-another && ctl apply with_other && ctl apply rules; } 2>&1
			echo "changed: $?"
		done
	}
	start changes change
	wait_until has_lines "$(out changes)" 1
	"${from_here[@]}" python3 "$BATS_TEST_DIRNAME/container.py" churn "$cgroup/app" 1500 >said
	touch over
	finish changes
	[ "$(<said)" = $'tcp 8081 at once: EPERM 1500\nudp 8081: EPERM 1500' ]
	no_strays
}

@test "apply takes a rule of a cgroup that comes and goes meanwhile, every time" {
	given --cgroup "$cgroup"
	echo "allow 8080 any cgroup=$cgroup/app" >rules
	start comes_and_goes python3 -c 'import os, sys
while True: os.mkdir(sys.argv[1]); os.rmdir(sys.argv[1])' "$cgroup/app"
	for _ in {1..100}; do
		ctl apply rules >>applied 2>&1
		[ "$(ctl export)" = "allow 8080/tcp any cgroup=$cgroup/app" ]
	done
}
