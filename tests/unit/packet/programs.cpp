// SPDX-License-Identifier: MIT
#include "tests/unit/packet/programs.h"

#include "lib/base/address.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/unit/packet/meaning_skb.skel.h"
#include "tests/unit/packet/meaning_xdp.skel.h"

namespace pinpipe::packet_test {

using xdp_test::Bytes;
using xdp_test::Kind;

namespace {

[[noreturn]] void give_up(const std::string &doing) {
    throw std::runtime_error(doing + ": " + std::strerror(errno));
}

bool is_cgroup(View view) {
    return view == View::cgroup_out || view == View::cgroup_in;
}

// Puts an Ethernet header before the packet, which the kernel removes again before a cgroup program
// sees it.
Bytes behind_ethernet(Frame packet) {
    return xdp_test::ethernet({}, Bytes(packet.begin(), packet.end()));
}

std::string address_text(const union address &address) {
    char text[64];
    return {text, static_cast<size_t>(write_address(text, address) - text)};
}

} // namespace

std::string name(View view) {
    static const char *const names[views.size()] = {"xdp", "xdp.frags", "tc egress",
                                                    "cgroup egress", "cgroup ingress"};
    return names[static_cast<size_t>(view)];
}

void Programs::Destroy::operator()(struct meaning_xdp *skeleton) const {
    meaning_xdp__destroy(skeleton);
}

void Programs::Destroy::operator()(struct meaning_skb *skeleton) const {
    meaning_skb__destroy(skeleton);
}

Programs::Programs(Link link) : link_(link) {
    load_xdp();
    load_skb();
}

Programs::~Programs() = default;

// Packets in several buffers need Linux 5.18.
void Programs::load_xdp() {
    for (const bool frags : {true, false}) {
        xdp_.reset(meaning_xdp__open());
        if (!xdp_)
            give_up("open the XDP programs");
        xdp_->rodata->raw_ip = link_ == Link::raw_ip;
        bpf_program__set_autoload(xdp_->progs.tell_frags, frags);
        if (meaning_xdp__load(xdp_.get()) == 0) {
            fd_[0] = bpf_program__fd(xdp_->progs.tell_packet);
            fd_[1] = frags ? bpf_program__fd(xdp_->progs.tell_frags) : -1;
            return;
        }
    }
    give_up("load the XDP programs");
}

void Programs::load_skb() {
    skb_.reset(meaning_skb__open());
    if (!skb_)
        give_up("open the programs for skbs");
    skb_->rodata->raw_ip = link_ == Link::raw_ip;
    if (meaning_skb__load(skb_.get()))
        give_up("load the programs for skbs");
    fd_[2] = bpf_program__fd(skb_->progs.tell_sent);
    if (link_ != Link::raw_ip)
        return;
    fd_[3] = bpf_program__fd(skb_->progs.tell_out);
    fd_[4] = bpf_program__fd(skb_->progs.tell_in);
}

std::optional<meaning> Programs::run(View view, Frame frame) {
    meaning &told =
        view == View::xdp || view == View::xdp_frags ? xdp_->bss->meaning : skb_->bss->meaning;
    std::memset(&told, 0xee, sizeof told);
    Bytes framed;
    if (is_cgroup(view)) {
        if (frame.empty())
            return std::nullopt;
        framed = behind_ethernet(frame);
        frame = framed;
    }
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()));
    if (bpf_prog_test_run_opts(fd_[static_cast<size_t>(view)], &options) != 0)
        return std::nullopt;
    return told;
}

std::string text(const meaning &m) {
    static const char *const kinds[] = {"whole", "later", "other", "malformed", "truncated"};
    const auto kind = [](uint32_t number) {
        return number < std::size(kinds) ? kinds[number] : "nothing";
    };
    std::string line = kind(m.kind);
    if (m.kind > 1)
        return line;
    line += " " + std::to_string(m.proto) + " " + address_text(m.src);
    line += m.ports ? "" : ":" + std::to_string(m.source);
    line += " > " + address_text(m.dst);
    line += m.ports ? "" : ":" + std::to_string(m.destination);
    line += m.kind == 0 && m.ports ? std::string(" ports ") + kind(m.ports) : "";
    return line + " " + std::to_string(m.length) + " bytes ttl " + std::to_string(m.ttl) +
           " tags " + std::to_string(m.tags & 0xffff) + " " + std::to_string(m.tags >> 16) +
           " flags " + std::to_string(m.flags);
}

meaning expected(Frame frame, Link link) {
    const xdp_test::Meaning seen = xdp_test::understand(frame, link);
    const xdp_test::Ports ports = xdp_test::ports_of(seen);
    meaning m{};
    m.kind = static_cast<__u32>(seen.kind);
    m.ports = static_cast<__u32>(seen.kind == Kind::whole ? ports.kind : seen.kind);
    if (seen.kind != Kind::whole && seen.kind != Kind::later)
        return m;
    m.src = seen.record.src;
    m.dst = seen.record.dst;
    m.length = seen.record.length;
    m.tags = seen.record.vlan[0] | uint32_t{seen.record.vlan[1]} << 16;
    m.proto = seen.protocol;
    m.flags = seen.record.flags;
    m.ttl = seen.record.ttl;
    m.source = ports.source;
    m.destination = ports.destination;
    return m;
}

} // namespace pinpipe::packet_test
