#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Well-known programs under rules.
load helper
load policy

# Starts a web server in the namespace $there, which has no rules.
serve_files() { # NAME PORT
	start "$1" "${from_there[@]}" python3 -m http.server "$2" --bind 10.77.0.2 --directory "$PWD/www"
	wait_until "${from_here[@]}" curl -s -o got "http://10.77.0.2:$2/file"
}

fetch() { # URL [SECONDS]
	"${from_there[@]}" curl -sS --max-time "${2:-60}" -o got "$1" && cmp got www/file
}

# Succeeds if nothing comes back, not even a refusal.
gets_nothing() { # URL
	run fetch "$1" 2
	[ "$status" = 28 ]
}

serve_names() { # NAME PORT HOST PLACE...
	start "$1" "${@:4}" dnsmasq -k -C /dev/null --no-resolv --no-hosts --bind-interfaces --user=root --pid-file= \
		--port "$2" --host-record="$3",192.0.2.7 --server=10.77.0.2#5300
}

@test "nginx: its ports are served, a revoked one is not, and the other's connections do not notice" {
	given --cgroup "$cgroup"
	prepare_nginx 10.77.0.1:8088 10.77.0.1:8089
	head -c 1234567 /dev/urandom >www/file
	ctl allow 8088-8089 nginx
	start server "${in_cgroup[@]}" "${nginx[@]}"
	wait_until is_listening 10.77.0.1:8089
	fetch http://10.77.0.1:8088/file
	cat >client.py <<-'END'
		import http.client
		def get(client): client.request('GET', '/file'); return client.getresponse().read()
		clients = [http.client.HTTPConnection('10.77.0.1', port, timeout=PATIENCE) for port in (8088, 8089)]
		print(*[len(get(client)) for client in clients], flush=True)
		ports = [client.sock.getsockname()[1] for client in clients]
		said('connected'); wait_for('revoked')
		print(*[attempt(get, client) for client in clients], flush=True)
		print(clients[1].sock.getsockname()[1] == ports[1])
	END
	# shellcheck disable=SC2016 # the inner shell's
	start client "${from_there[@]}" bash -c 'exec python3 "$0" pp-client <client.py' "$BATS_TEST_DIRNAME/act.py"
	wait_until [ -e connected ]
	ctl revoke 8088 nginx
	touch revoked
	finish client
	[ "$(<"$(out client)")" = $'1234567 1234567\ndropped ok\nTrue' ]
	gets_nothing http://10.77.0.1:8088/file
	fetch http://10.77.0.1:8089/file
	ctl allow 8088 nginx
	fetch http://10.77.0.1:8088/file
}

@test "nginx: with a port that its rule does not have it does not start, and says why" {
	given --cgroup "$cgroup"
	prepare_nginx 10.77.0.1:8088 10.77.0.1:8089
	ctl allow 8088 nginx
	run inside timeout 600 "${nginx[@]}"
	[ "$status" = 1 ]
	grep -qF 'bind() to 10.77.0.1:8089 failed (1: Operation not permitted)' error
}

@test "curl by its path: the allowed port gives the page, the other one is refused at once" {
	given --cgroup "$cgroup"
	mkdir www
	echo page >www/file
	serve_files one 8080
	serve_files two 8081
	local curl
	curl=$(realpath "$(command -v curl)")
	ctl allow 8080 "$curl"
	[ "$(inside curl -sS --max-time 60 http://10.77.0.2:8080/file)" = page ]
	run inside curl -sSv --max-time 60 http://10.77.0.2:8081/file
	[ "$status" = 7 ] # not 28: it did not wait
	[[ $output == *'Operation not permitted'* ]]
	# Another program in the same cgroup, and curl outside of it, are not ruled.
	cp "$curl" other
	[ "$(inside ./other -sS --max-time 60 http://10.77.0.2:8081/file)" = page ]
	[ "$("${from_here[@]}" curl -sS --max-time 60 http://10.77.0.2:8081/file)" = page ]
}

@test "dig: with 53/udp it gets its answer, without it fails at once" {
	given --cgroup "$cgroup"
	serve_names names 53 name.example "${from_there[@]}"
	ask() { inside dig @10.77.0.2 +short +tries=1 +time=60 "$@" name.example A; }
	wait_until ask
	ctl allow 53/udp dig
	[ "$(ask)" = 192.0.2.7 ]
	is_refused() { # ARGUMENT...
		run ask "$@"
		[ "$status" = 9 ] && [[ $output != *192.0.2.7* && $output != *'timed out'* ]]
	}
	is_refused +tcp
	ctl allow 53/tcp dig
	ctl revoke 53/udp dig
	is_refused
	[ "$(ask +tcp)" = 192.0.2.7 ]
}

@test "dnsmasq: who asks at its port is answered; another server it may not ask" {
	given --cgroup "$cgroup"
	ctl allow 53/both dnsmasq
	serve_names other 5300 other.example "${from_there[@]}"
	serve_names names 53 name.example "${in_cgroup[@]}"
	ask() { "${from_there[@]}" dig @10.77.0.1 +short +tries=1 "+time=${patience:-60}" "$@"; }
	wait_until is_listening 10.77.0.1:53
	[ "$(ask name.example A)" = 192.0.2.7 ]
	[ "$(ask +tcp name.example A)" = 192.0.2.7 ]
	[[ "$(patience=2 ask other.example A)" != *192.0.2.7* ]]
	ctl allow 5300/udp dnsmasq
	[ "$(ask other.example A)" = 192.0.2.7 ]
	ctl revoke 53/tcp dnsmasq
	patience=2 run ask +tcp name.example A
	[ "$status" = 9 ]
	[ "$(ask name.example A)" = 192.0.2.7 ]
	ctl allow 53/tcp dnsmasq
	ctl revoke 53/udp dnsmasq
	patience=2 run ask name.example A
	[ "$status" = 9 ]
	[ "$(ask +tcp name.example A)" = 192.0.2.7 ]
}

@test "python's server by its number, while it serves; node by its path, as it asks" {
	command -v node >/dev/null || skip 'node is not there'
	given --cgroup "$cgroup"
	mkdir www
	echo page >www/file
	start server "${in_cgroup[@]}" python3 -m http.server 8080 --bind 10.77.0.1 --directory "$PWD/www"
	wait_until is_listening 10.77.0.1:8080
	fetch http://10.77.0.1:8080/file
	ctl allow 9999 "pid:${pid_of[server]}"
	gets_nothing http://10.77.0.1:8080/file
	ctl allow 8080 "pid:${pid_of[server]}"
	fetch http://10.77.0.1:8080/file
	serve_files other 8081
	ctl allow 8080 "$(realpath "$(command -v node)")"
	get() { inside timeout 600 node -e "require('http').get('http://$1/file', r => r.pipe(process.stdout))
		.on('error', e => console.log(e.code))"; }
	[ "$(get 10.77.0.1:8080)" = page ]
	[ "$(get 10.77.0.2:8081)" = EPERM ]
}
