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
