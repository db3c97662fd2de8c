# SPDX-License-Identifier: MIT
# Completions of bash and zsh offer what the tools take; the shipped groups can be created.
load documents

completed() { # WORD...: prints what bash completes the last word to
	bash --norc -c '
		. "$tree/share/completions/pinpipe.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_pinpipe "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		echo "${COMPREPLY[*]}"' bash "$@"
}

@test "bash completes streams, options, arguments and interfaces" {
	bash --norc -c '. "$tree/share/completions/pinpipe.bash" && complete -p ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web'
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
	[[ $(completed ebpf-ctl --to lan,lo) == lan,loopback ]]
	[[ $(completed ebpf-ctl --to 10.0.0.0/8,int) == 10.0.0.0/8,internet ]]
	[[ " $(completed ebpf-ctl --user ro) " == *" root "* ]]
	[[ $(completed ebpf-load --watch "") == "" ]]
	[[ $(completed ebpf-read -n 1) == "" ]]
}

@test "bash completes every option of --help" {
	for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web; do
		"$bin/$tool" --help | listed | grep -o -- '--[a-z-]*' | sort >help
		completed "$tool" -- | tr ' ' '\n' | sort >offered
		diff help offered
	done
}

@test "zsh completions have every option of --help" {
	for tool in ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web; do
		file=$tree/share/completions/_$tool
		[[ $(head -n 1 "$file") == "#compdef $tool" ]]
		"$bin/$tool" --help | listed | grep -o -- '--[a-z-]*' | sort >help
		grep '^  ' "$file" | grep -o -- '--[a-z-]*\[\|,--[a-z-]*' | tr -d '[,' | sort >offered
		diff help offered
	done
}

# What zsh offers after an option of a tool, in its order.
offered_by_zsh() { # TOOL OPTION
	sed -n "s/.*$2\[[^]]*\]:[^:]*:(\(.*\))'.*/\1/p; s/.*$2\[[^]]*\]:.* compadd - \(.*\)'.*/\1/p" "$tree/share/completions/_$1"
}

@test "completions offer the rows of --by that a tool takes" {
	local command tool rows
	for command in 'ebpf-read usage' ebpf-top 'ebpf-store report db'; do
		tool=${command%% *}
		# The error lists them: "ebpf-top: --by takes process, remote, both or port, not 'x'"
		rows=$($command --by x 2>&1 | sed -n "s/.*: --by takes \(.*\), not 'x'.*/\1/p" | sed 's/ or / /; s/,//g')
		[[ -n $rows ]]
		[[ $(completed "$tool" --by "") == "$rows" ]]
		[[ $(offered_by_zsh "$tool" --by) == "$rows" ]]
	done
}

@test "completions offer the streams of the tables, and all" {
	local streams
	streams=$("${PINPIPE_BUILD:-$tree/build}/bin/fields" types | grep -v lost)
	streams="${streams//$'\n'/ } all"
	[[ $(completed ebpf-read "") == "$streams" ]]
	grep -qF "'*:stream:($streams)'" "$tree/share/completions/_ebpf-read"
}

@test "completions offer the protocols that events name, and readers take them" {
	local name
	# The words of protocol_word(), which writes proto for all events.
	sed -n '/^Word protocol_word/,/^}/s/.*return "\(.*\)";/\1/p' "$tree/lib/event/words.cpp" | sort >named
	[[ $(wc -l <named) -gt 5 ]]
	for offered in "$(completed ebpf-read --proto "")" "$(completed ebpf-store --proto "")" \
		"$(offered_by_zsh ebpf-read --proto)" "$(offered_by_zsh ebpf-store --proto)"; do
		diff named <(tr ' ' '\n' <<<"$offered" | sort)
	done
	while read -r name; do
		run ebpf-read --pin-root /nonexistent --proto "$name" usage
		[[ $status == 69 && $output == *'not loaded'* ]]
	done <named
}

@test "completions offer the words of --to that ebpf-ctl takes" {
	local words
	# The error lists them: "ebpf-ctl: 'x' is no address or prefix: ..., or loopback, lan, internet"
	words=$(ebpf-ctl allow 1 --to x app 2>&1 | sed -n "s/.*: want .*, or \(loopback.*\)/\1/p" | tr -d ,)
	[[ -n $words ]]
	[[ $(completed ebpf-ctl --to "") == "$words" ]]
	[[ $(offered_by_zsh ebpf-ctl --to) == "$words" ]]
}

@test "completions of --user offer the users of this machine" {
	local tool
	for tool in ebpf-ctl ebpf-store; do
		[[ $(completed "$tool" --user "" | tr ' ' '\n' | sort -u) == "$(getent passwd | cut -d : -f 1 | sort -u)" ]]
		grep -q -- "'--user\[[^]]*\]:user:_users'" "$tree/share/completions/_$tool"
	done
}

@test "zsh completions parse" {
	need zsh zsh
	for file in "$tree"/share/completions/_*; do
		zsh -n "$file"
	done
}

@test "sysusers file makes both groups" {
	need systemd-sysusers systemd
	mkdir -p root/etc
	systemd-sysusers --root="$PWD/root" "$tree/share/sysusers/pinpipe.conf"
	grep '^ebpf:' root/etc/group
	grep '^ebpf-admin:' root/etc/group
}
