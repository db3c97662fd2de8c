# SPDX-License-Identifier: MIT
# Completion of ebpf-load, ebpf-read, ebpf-ctl, ebpf-top, ebpf-store and ebpf-web for bash. Options come from the
# --help of the tool.
# shellcheck shell=bash

_pinpipe_options() { # TOOL
    "$1" --help 2>/dev/null | sed -n 's/^  \(-[a-zA-Z], \|    \)\(--[a-z-]*\).*/\2/p'
}

_pinpipe_interfaces() {
    local path
    for path in /sys/class/net/*; do
        [[ -e $path ]] && printf '%s\n' "${path##*/}"
    done
}

_pinpipe_namespaces() {
    local path
    for path in /run/netns/*; do
        [[ -e $path ]] && printf '%s\n' "${path##*/}"
    done
}

# Completes the last part of a list with commas, and keeps the parts before it.
_pinpipe_list() { # WORDS CURRENT
    local before=""
    [[ $2 == *,* ]] && before=${2%,*},
    compgen -P "$before" -W "$1" -- "${2##*,}"
}

_pinpipe_rows() { # TOOL
    case $1 in
    *top) echo process remote both port ;;
    *store) echo process exe remote port proto host user cgroup ;;
    *) echo port ;;
    esac
}

# Completes the argument of option $2; fails if its values are not known.
_pinpipe_argument() { # CURRENT OPTION
    case $2 in
    --xdp) compgen -W "$(_pinpipe_interfaces)" -- "$1" ;;
    --netns) compgen -W "$(_pinpipe_namespaces)" -- "$1" || compgen -f -- "$1" ;;
    --group | --admin-group) compgen -g -- "$1" ;;
    --if) _pinpipe_list "$(_pinpipe_interfaces)" "$1" ;;
    --proto) _pinpipe_list "icmp icmpv6 tcp mptcp udp udplite sctp dccp raw packet" "$1" ;;
    --to) _pinpipe_list "loopback lan internet" "$1" ;;
    --probe) compgen -W "fentry tracepoint kprobe" -- "$1" ;;
    --by) compgen -W "$(_pinpipe_rows "${COMP_WORDS[0]}")" -- "$1" ;;
    --format) compgen -W "table json csv" -- "$1" ;;
    --user) compgen -u -- "$1" ;;
    --exe) compgen -f -- "$1" ;;
    --since | --until) compgen -W "1h 24h 7d now today yesterday" -- "$1" ;;
    --sort | -s) compgen -W "pid process remote proto sent/s received/s sent received port iface pps-in pps-out in/s out/s in out owners" -- "$1" ;;
    --units | -u) compgen -W "binary bits bytes" -- "$1" ;;
    --direction) compgen -W "in out" -- "$1" ;;
    --pin-root) compgen -d -- "$1" ;;
    --cgroup) [[ ${COMP_WORDS[0]} == *store ]] || compgen -d -- "$1" ;;
    --from | --db | -d | --password-file | -p | --tls-cert | --tls-key) compgen -f -- "$1" ;;
    --make-password) compgen -W "view room" -- "$1" ;;
    --host | --count | -n | --time | -t | --readers | --ring-size | --payload | --wait | --watch | --pid | --comm | --port | --interval | -i | --filter | -f | --width | -w | \
        --keep | --keep-raw | --process | --remote | --top | --listen | -l | --allow-host) ;;
    *) return 1 ;;
    esac
    return 0
}

# Completes the arguments of the commands of ebpf-ctl; a process by the names of those that run.
_pinpipe_rules() { # CURRENT
    case ${COMP_WORDS[1]-} in
    "$1") compgen -W "allow revoke audit children rules apply export suggest watch unwatch watches status" -- "$1" ;;
    apply) compgen -f -- "$1" ;;
    audit | children) compgen -W "on off" -- "$1" ;;
    allow | revoke | suggest | watch | unwatch)
        [[ $1 != [0-9]* ]] || return 0
        [[ ${COMP_WORDS[1]} != [ar]* ]] || compgen -W "any none icmp" -- "$1"
        compgen -f -X '!/*' -- "$1" || compgen -W "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -v '[[:space:]/]')" -- "$1" | sort -u
        ;;
    esac
}

_pinpipe_operands() { # TOOL CURRENT
    case ${1##*/} in
    ebpf-read) compgen -W "icmp tcp udp conn bind deny usage ports all" -- "$2" ;;
    ebpf-ctl) _pinpipe_rules "$2" ;;
    ebpf-store) compgen -fW "$([[ $COMP_CWORD -gt 1 ]] || echo report prune export check)" -- "$2" ;;
    esac
}

_pinpipe() { # TOOL CURRENT PREVIOUS, as complete -F gives them
    local current=$2 option=$3 known
    COMPREPLY=()
    # bash splits words at ':' and '=': "--xdp eth0:nat" and "--xdp=eth0"
    if [[ $1 == *load && ($current == : || $option == :) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "native generic" -- "${current#:}")
        return
    fi
    [[ $current == "=" ]] && current=""
    if [[ $option == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ ${COMP_WORDS[COMP_CWORD]} == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]}
    fi
    if known=$(_pinpipe_argument "$current" "$option"); then
        [[ -n $known ]] && mapfile -t COMPREPLY <<<"$known"
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_pinpipe_options "$1")" -- "$current")
    else
        mapfile -t COMPREPLY < <(_pinpipe_operands "$1" "$current")
    fi
}

complete -F _pinpipe ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web
