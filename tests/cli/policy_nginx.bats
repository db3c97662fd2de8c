#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules for a web server that proxies, under load, while it is reloaded and upgraded.
# shellcheck disable=SC2154,SC2016 # set by helper.bash; the inner shells'
load helper
load policy

teardown() { end_services; }

# A command prefix that runs a program in a cgroup below the tests' one; see in_cgroup.
in_below() { # NAME
	below=("${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$1")
}

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
