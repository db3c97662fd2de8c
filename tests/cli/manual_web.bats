# SPDX-License-Identifier: MIT
# ebpf-web(5) and the running server have the same routes.
# shellcheck disable=SC2154 # bats and web.bash set them
load documents
load web

routes_of_page() { # prints METHOD PATH, from headings like "PUT, POST /rooms/NAME" and "POST /login, /logout"
	page_text ebpf-web.5 | sed -nE 's/^   ([A-Z]+(, [A-Z]+)*) (\/.*)$/\1|\3/p' | while IFS='|' read -r methods paths; do
		for method in ${methods//,/}; do
			for path in ${paths//,/}; do echo "$method $path"; done
		done
	done
}

# Prints the status of a route for a user who may use it. Placeholders of the page are replaced by names that exist.
status_of() { # METHOD PATH
	local user=view:seeing-8 path=$2
	path=${path/NAME/usage} path=${path/PID-START/7-5}
	[[ $1 == GET || $path == /log* ]] || user=room:sending-8 path=${path/usage/mine}
	code -X "$1" -u "$user" -H 'Content-Type: application/json' --data-binary '{"password":"seeing-8"}' "$url$path"
}

# Prints the strings in the program that look like a path, without files of the site.
paths_in_program() {
	strings "$web" | grep -E '^/[a-z0-9/]+\*?$' | sort -u
}

has_room() { [[ $(status_of GET /rooms/NAME) == 200 ]]; }

@test "ebpf-web(5) has every route" {
	events_of_two_minutes h.db
	passwords
	serve --password-file passwords --db h.db
	usage 7 curl 1 1
	routes_of_page >routes
	[[ -s routes ]]
	wait_until has_room
	while read -r method path; do
		[[ $(status_of "$method" "$path") == 20[04] ]] || { echo "$method $path: $(cat body)" && return 1; }
	done <routes
	paths_in_program >paths
	for path in /healthz /rooms /login; do grep -qxF "$path" paths; done
	while read -r path; do
		for method in GET POST; do
			[[ $(status_of "$method" "${path/\*/x}") != 40[45] ]] || continue
			page_text ebpf-web.5 | grep -F " ${path%\*}" >/dev/null || { echo "not in the page: $path" && return 1; }
		done
	done <paths
}
