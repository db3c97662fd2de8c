// SPDX-License-Identifier: MIT
#include "lib/pins/components.h"

#include "lib/base/error.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr Component needed_program(const char *object, const char *name, const char *where,
                                   Capability capability) {
    return {ComponentKind::program, object, name, where, capability, OPTIONAL_NEEDED, ""};
}

constexpr Component needed_map(const char *name, Capability capability) {
    return {ComponentKind::map, "", name, "", capability, OPTIONAL_NEEDED, ""};
}

// A map that only one optional program uses: missing when that program is refused.
constexpr Component map_of(const char *program, const char *name, Capability capability) {
    return {ComponentKind::map, "", name, "", capability, OPTIONAL_NEEDED, "", program};
}

constexpr Component all_components[] = {
    {ComponentKind::program, "xdp", "see_frags", "xdp.frags", Capability::packets,
     OPTIONAL_SEE_FRAGS, "interfaces with an MTU above a page get the generic mode"},
    needed_program("xdp", "see_packet", "xdp", Capability::packets),
    {ComponentKind::program, "egress", "see_sent", "tc", Capability::sent, OPTIONAL_SEE_SENT,
     "packets sent from watched ports are not counted"},
    {ComponentKind::program, "pgid", "tell_pgid", "iter/bpf_map_elem", Capability::readers,
     OPTIONAL_TELL_PGID, "readers in another pid namespace cannot leave out their own pipeline"},
    needed_program("tracepoint", "see_destroy", "tp_btf/tcp_destroy_sock", Capability::sockets),
    needed_program("tracepoint", "see_receive", "tp_btf/sock_recv_length", Capability::sockets),
    needed_program("tracepoint", "see_send", "tp_btf/sock_send_length", Capability::sockets),
    {ComponentKind::program, "tracepoint", "see_splice", "tp_btf/tcp_rcv_space_adjust",
     Capability::sockets, OPTIONAL_SEE_SPLICE,
     "bytes that TCP receives by splice count only when the connection closes"},
    needed_program("fentry", "bind4", "fexit/inet_bind", Capability::sockets),
    needed_program("fentry", "bind6", "fexit/inet6_bind", Capability::sockets),
    needed_program("fentry", "enter_sendpage", "fentry/inet_sendpage", Capability::sockets),
    needed_program("fentry", "enter_splice", "fentry/sock_splice_read", Capability::sockets),
    needed_program("fentry", "receive4", "fexit/inet_recvmsg", Capability::sockets),
    needed_program("fentry", "receive6", "fexit/inet6_recvmsg", Capability::sockets),
    needed_program("fentry", "receive_packet", "fexit/packet_recvmsg", Capability::sockets),
    needed_program("fentry", "receive_raw", "fexit/sock_common_recvmsg", Capability::sockets),
    needed_program("fentry", "see_release", "fentry/inet_release", Capability::sockets),
    needed_program("fentry", "send4", "fexit/inet_sendmsg", Capability::sockets),
    needed_program("fentry", "send6", "fexit/inet6_sendmsg", Capability::sockets),
    needed_program("fentry", "send_packet", "fexit/packet_sendmsg", Capability::sockets),
    needed_program("fentry", "sendpage", "fexit/inet_sendpage", Capability::sockets),
    needed_program("fentry", "splice", "fexit/sock_splice_read", Capability::sockets),
    needed_program("kprobe", "enter_inet6_sendmsg", "kprobe/inet6_sendmsg", Capability::sockets),
    needed_program("kprobe", "enter_inet_sendmsg", "kprobe/inet_sendmsg", Capability::sockets),
    needed_program("kprobe", "enter_inet_sendpage", "kprobe/inet_sendpage", Capability::sockets),
    needed_program("kprobe", "enter_mptcp_recvmsg", "kprobe/mptcp_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_packet_recvmsg", "kprobe/packet_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_packet_sendmsg", "kprobe/packet_sendmsg", Capability::sockets),
    needed_program("kprobe", "enter_ping_recvmsg", "kprobe/ping_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_raw_recvmsg", "kprobe/raw_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_rawv6_recvmsg", "kprobe/rawv6_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_recvmmsg", "kprobe/__sys_recvmmsg", Capability::sockets),
    needed_program("kprobe", "enter_sctp_recvmsg", "kprobe/sctp_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_tcp_recvmsg", "kprobe/tcp_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_tls_sw_recvmsg", "kprobe/tls_sw_recvmsg", Capability::sockets),
    needed_program("kprobe", "enter_tls_sw_splice_read", "kprobe/tls_sw_splice_read",
                   Capability::sockets),
    needed_program("kprobe", "leave_inet6_sendmsg", "kretprobe/inet6_sendmsg", Capability::sockets),
    needed_program("kprobe", "leave_inet_sendmsg", "kretprobe/inet_sendmsg", Capability::sockets),
    needed_program("kprobe", "leave_inet_sendpage", "kretprobe/inet_sendpage", Capability::sockets),
    needed_program("kprobe", "leave_mptcp_recvmsg", "kretprobe/mptcp_recvmsg", Capability::sockets),
    needed_program("kprobe", "leave_packet_recvmsg", "kretprobe/packet_recvmsg",
                   Capability::sockets),
    needed_program("kprobe", "leave_packet_sendmsg", "kretprobe/packet_sendmsg",
                   Capability::sockets),
    needed_program("kprobe", "leave_ping_recvmsg", "kretprobe/ping_recvmsg", Capability::sockets),
    needed_program("kprobe", "leave_raw_recvmsg", "kretprobe/raw_recvmsg", Capability::sockets),
    needed_program("kprobe", "leave_rawv6_recvmsg", "kretprobe/rawv6_recvmsg", Capability::sockets),
    needed_program("kprobe", "leave_sctp_recvmsg", "kretprobe/sctp_recvmsg", Capability::sockets),
    needed_program("kprobe", "leave_tls_sw_recvmsg", "kretprobe/tls_sw_recvmsg",
                   Capability::sockets),
    needed_program("kprobe", "leave_tls_sw_splice_read", "kretprobe/tls_sw_splice_read",
                   Capability::sockets),
    needed_program("kprobe", "see_datagram", "kprobe/skb_consume_udp", Capability::sockets),
    needed_program("kprobe", "see_destroy", "tp_btf/tcp_destroy_sock", Capability::sockets),
    needed_program("kprobe", "see_receive", "tp_btf/tcp_rcv_space_adjust", Capability::sockets),
    needed_program("kprobe", "see_release", "kprobe/inet_release", Capability::sockets),
    needed_program("connections", "see_state", "tp_btf/inet_sock_set_state", Capability::sockets),
    needed_program("processes", "see_exit", "tp_btf/sched_process_exit", Capability::sockets),
    needed_program("processes", "see_rename", "tp_btf/task_rename", Capability::sockets),
    {ComponentKind::program, "open_sockets", "list_bound", "iter/task_file", Capability::sockets,
     OPTIONAL_LIST_BOUND,
     "sockets from before the load are unknown until used, and ports of processes cannot be "
     "watched"},
    needed_program("cgroup", "bind4", "cgroup/bind4", Capability::rules),
    needed_program("cgroup", "bind6", "cgroup/bind6", Capability::rules),
    needed_program("cgroup", "connect4", "cgroup/connect4", Capability::rules),
    needed_program("cgroup", "connect6", "cgroup/connect6", Capability::rules),
    needed_program("cgroup", "create", "cgroup/sock_create", Capability::rules),
    {ComponentKind::program, "cgroup", "create_packet", "lsm_cgroup/socket_create",
     Capability::rules, OPTIONAL_CREATE_PACKET,
     "rules do not refuse packet sockets (AF_PACKET, AF_XDP)"},
    needed_program("cgroup", "egress", "cgroup_skb/egress", Capability::rules),
    needed_program("cgroup", "ingress", "cgroup_skb/ingress", Capability::rules),
    needed_program("cgroup", "sendmsg4", "cgroup/sendmsg4", Capability::rules),
    needed_program("cgroup", "sendmsg6", "cgroup/sendmsg6", Capability::rules),
    {ComponentKind::program, "relabel", "find_kin", "iter/task", Capability::rules,
     OPTIONAL_FIND_KIN, "rules of allow --children do not reach what runs when they are made"},
    {ComponentKind::program, "relabel", "find_sockets", "iter/task_file", Capability::rules,
     OPTIONAL_FIND_SOCKETS, "rules do not apply to sockets from before the load"},
    {ComponentKind::program, "relabel", "see_exit", "tp_btf/sched_process_exit", Capability::rules,
     OPTIONAL_RULED_EXIT,
     "rules of allow --children run out of room, since entries of ended processes stay"},
    {ComponentKind::program, "relabel", "see_fork", "tp_btf/sched_process_fork", Capability::rules,
     OPTIONAL_RULED_FORK, "rules of allow --children do not reach descendants"},
    {ComponentKind::program, "relabel", "see_mkdir", "tp_btf/cgroup_mkdir", Capability::rules,
     OPTIONAL_SEE_MKDIR, "rules of a cgroup do not hold when it is made again, or later"},
    {ComponentKind::program, "relabel", "see_read", "tp_btf/tcp_rcv_space_adjust",
     Capability::rules, OPTIONAL_RULED_READ,
     "a ruled process may receive by splice(2) on a TCP socket that another process made; where "
     "fentry is refused, in every way"},
    {ComponentKind::program, "relabel", "see_receive", "tp_btf/sock_recv_length", Capability::rules,
     OPTIONAL_RULED_RECEIVE,
     "a ruled process may receive on a UDP socket that another process made"},
    {ComponentKind::program, "relabel", "see_recvmsg", "fentry/inet_recvmsg", Capability::rules,
     OPTIONAL_RULED_RECVMSG,
     "a ruled process may receive on an IPv4 socket that another process made"},
    {ComponentKind::program, "relabel", "see_recvmsg6", "fentry/inet6_recvmsg", Capability::rules,
     OPTIONAL_RULED_RECVMSG6,
     "a ruled process may receive on an IPv6 socket that another process made"},
    {ComponentKind::program, "relabel", "see_rename", "tp_btf/task_rename", Capability::rules,
     OPTIONAL_RULED_RENAME,
     "a process that changes its name first does not hand on rules of allow --children"},
    {ComponentKind::program, "relabel", "see_rmdir", "tp_btf/cgroup_rmdir", Capability::rules,
     OPTIONAL_SEE_RMDIR,
     "the room for cgroups of rules runs out, since entries of removed ones stay"},
    {ComponentKind::program, "relabel", "see_send", "tp_btf/sock_send_length", Capability::rules,
     OPTIONAL_RULED_SEND, "a ruled process may send on a socket that another process made"},
    {ComponentKind::program, "relabel", "see_sendmsg", "fentry/inet_sendmsg", Capability::rules,
     OPTIONAL_RULED_SENDMSG,
     "a ruled process may send on an IPv4 socket that another process made"},
    {ComponentKind::program, "relabel", "see_sendmsg6", "fentry/inet6_sendmsg", Capability::rules,
     OPTIONAL_RULED_SENDMSG6,
     "a ruled process may send on an IPv6 socket that another process made"},
    {ComponentKind::program, "relabel", "see_sendpage", "fentry/inet_sendpage", Capability::rules,
     OPTIONAL_RULED_SENDPAGE,
     "a ruled process may send files on a socket that another process made"},
    needed_map("abi", Capability::readers),
    needed_map("control", Capability::readers),
    needed_map("controls", Capability::readers),
    needed_map("ring", Capability::readers),
    needed_map("rings", Capability::readers),
    needed_map("losses", Capability::readers),
    needed_map(".data.wanted", Capability::readers),
    needed_map("hooks", Capability::readers),
    needed_map(".rodata", Capability::readers),
    needed_map("counters", Capability::packets),
    needed_map("port_counts", Capability::packets),
    needed_map("watched", Capability::packets),
    needed_map("watches", Capability::packets),
    needed_map(".data.watching", Capability::packets),
    needed_map(".data.active", Capability::sockets),
    needed_map(".kconfig", Capability::sockets),
    needed_map("usage", Capability::sockets),
    needed_map("processes", Capability::sockets),
    needed_map("entries", Capability::sockets),
    needed_map("dead", Capability::sockets),
    needed_map("dead_state", Capability::sockets),
    needed_map("totals", Capability::sockets),
    needed_map("owners", Capability::sockets),
    needed_map("claims", Capability::sockets),
    needed_map("port_usage", Capability::sockets),
    needed_map("messages", Capability::sockets),
    needed_map("nested", Capability::sockets),
    needed_map("pending", Capability::sockets),
    needed_map("receiving", Capability::sockets),
    needed_map("scratch", Capability::sockets),
    needed_map("scratch_use", Capability::sockets),
    needed_map("exes", Capability::sockets),
    needed_map("no_exe", Capability::sockets),
    map_of("list_bound", "looks", Capability::sockets),
    needed_map(".data.policy", Capability::rules),
    needed_map(".data.covered", Capability::rules),
    needed_map("subjects", Capability::rules),
    needed_map(".data.sieve", Capability::rules),
    needed_map("ports", Capability::rules),
    needed_map("texts", Capability::rules),
    needed_map("hits", Capability::rules),
    needed_map("denials", Capability::rules),
    needed_map("cgroups", Capability::rules),
    needed_map("labels", Capability::rules),
    needed_map("peers", Capability::rules),
    needed_map("kin", Capability::rules),
    needed_map("no_kin", Capability::rules),
    needed_map("scopes", Capability::rules),
    needed_map("scope_ids", Capability::rules),
    needed_map("remotes", Capability::rules),
    needed_map("prefixes", Capability::rules),
    needed_map("unlabelled", Capability::rules),
    needed_map("callers", Capability::rules),
    needed_map("no_label", Capability::rules),
    map_of("find_sockets", "candidate", Capability::rules),
    map_of("find_sockets", "shared", Capability::rules),

    {ComponentKind::types, "", "types", "BTF", Capability::readers, OPTIONAL_TYPES,
     "bpftool shows maps without the names of their fields"},
};

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

} // namespace

const std::span<const Component> components = all_components;

const char *capability_name(Capability capability) {
    switch (capability) {
    case Capability::packets: return "packets";
    case Capability::sent: return "sent packets";
    case Capability::sockets: return "sockets";
    case Capability::rules: return "rules";
    case Capability::readers: break;
    }
    return "readers";
}

const char *capability_option(Capability capability) {
    switch (capability) {
    case Capability::packets:
    case Capability::sent: return "--xdp";
    case Capability::sockets: return "--sockets";
    case Capability::rules: return "--cgroup";
    case Capability::readers: break;
    }
    return "all";
}

const Component *find_program(std::string_view object, std::string_view name) {
    for (const Component &component : components)
        if (component.kind == ComponentKind::program && component.object == object &&
            component.name == name)
            return &component;
    return nullptr;
}

const Component *find_map_component(std::string_view name) {
    for (const Component &component : components)
        if (component.kind == ComponentKind::map &&
            (component.name == name ||
             (component.name[0] == '.' && ends_with(name, component.name))))
            return &component;
    return nullptr;
}

const Component *find_optional(unsigned number) {
    for (const Component &component : components)
        if (component.is_optional() && component.number == number)
            return &component;
    return nullptr;
}

std::string refusal_reason(int code) {
    switch (code) {
    case EPERM:
    case EACCES: return "this kernel refuses it";
    case ESRCH: return "this kernel has no such function or tracepoint"; // as libbpf says
    default: return reason(code);
    }
}

std::string component_text(const Component &component) {
    return std::string(component.name) + " (" + component.where + ")";
}

std::vector<Refused> refused_components(const abi_record &abi) {
    std::vector<Refused> found;
    for (unsigned number = 1; number < OPTIONALS; number++)
        if (const Component *const component =
                abi.refused[number] ? find_optional(number) : nullptr)
            found.push_back({component, abi.refused[number]});
    return found;
}

std::string refused_text(const Refused &refused) {
    return "not granted: " + component_text(*refused.component) + ": " +
           refusal_reason(refused.code) + ": " + refused.component->without;
}

std::string refused_path(optional_component number) {
    return std::string("admin/refused_") + find_optional(number)->name;
}

Result<void> require_granted(const std::string &pin_root, optional_component number,
                             const std::string &doing) {
    if (access((pin_root + "/" + refused_path(number)).c_str(), F_OK) != 0)
        return {};
    return fail(failure("cannot " + doing + ": this kernel refuses " +
                        component_text(*find_optional(number)))
                    .with_hint("sudo ebpf-load --check"));
}

} // namespace pinpipe
