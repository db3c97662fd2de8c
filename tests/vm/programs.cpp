// SPDX-License-Identifier: MIT
// usage: vm-programs
//
// Tries each XDP program in each of its forms: whether it loads on this kernel, how many
// instructions the verifier processes, and whether it attaches, runs and can be replaced: in native
// and generic mode on veth, in generic mode on lo, and on a tun device, whose frames have no link
// header.
//
// Works in a new network namespace, which ends with this process, and touches no existing
// interface. Needs root, and ip(8).
//
// Standard output: lines in the format of tests/vm/inside.
#include "bpf/abi/control.h"
#include "bpf/abi/watches.h"
#include "lib/base/error.h"
#include "tests/vm/cells.h"
#include "tests/vm/tun.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdio>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <memory>
#include <net/ethernet.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "bpf/xdp/xdp.skel.h"

namespace pinpipe {
namespace {

constexpr const char *no_frags = "this kernel has no XDP for packets in several buffers";

struct Place {
    const char *name; // "native on veth"
    const char *interface;
    const char
        *sender;   // interface to send on, so that a packet arrives here; null: the tun device's fd
    uint32_t mode; // XDP_FLAGS_*
};

constexpr Place places[] = {
    {"native on veth", "veth0", "veth1", XDP_FLAGS_DRV_MODE},
    {"generic on veth", "veth0", "veth1", XDP_FLAGS_SKB_MODE},
    {"generic on lo", "lo", "lo", XDP_FLAGS_SKB_MODE},
    {"raw IP on tun", "tun0", nullptr, XDP_FLAGS_SKB_MODE},
};

// One program loaded in one form.
struct Loaded {
    Fd fd;
    unsigned cost = 0;
    std::string error;
};

using Forms = std::array<Loaded, 2>; // [0] for Ethernet, [1] for raw IP

bool kernel_has_frags() {
    const bpf_insn nothing[] = {
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
    return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "frags", "GPL", nothing, std::size(nothing),
                            &options))
        .valid();
}

// The last line of the verifier's log before its statistics.
std::string complaint(const std::string &log) {
    const std::string text = log.substr(0, log.find("verification time "));
    const size_t end = text.find_last_not_of('\n');
    if (end == text.npos)
        return "the verifier gave no reason";
    const size_t newline = text.rfind('\n', end);
    const size_t begin = newline == text.npos ? 0 : newline + 1;
    return text.substr(begin, end + 1 - begin);
}

unsigned instructions(const std::string &log) {
    unsigned count = 0;
    const size_t at = log.rfind("processed ");
    if (at != log.npos)
        std::sscanf(log.c_str() + at, "processed %u insns", &count);
    return count;
}

// Loads only the program of this name.
Loaded load(const std::string &name, bool raw_ip) {
    const std::unique_ptr<xdp, decltype(&xdp::destroy)> skeleton(xdp::open(), xdp::destroy);
    if (!skeleton)
        return {Fd(), 0, "cannot open the object: " + reason(errno)};
    skeleton->rodata->hook_number = 37;
    skeleton->rodata->raw_ip = raw_ip;
    skeleton->rodata->ring_size = 1 << 16;
    skeleton->rodata->reader_slots = MAX_READERS; // the most expensive number

    bpf_program *program = nullptr, *wanted = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) {
        bpf_program__set_autoload(program, name == bpf_program__name(program));
        if (name == bpf_program__name(program))
            wanted = program;
    }
    std::vector<char> log(1 << 20);
    constexpr uint32_t statistics = 4; // log level: statistics, and errors
    bpf_program__set_log_buf(wanted, log.data(), log.size());
    bpf_program__set_log_level(wanted, statistics);
    const int code = xdp::load(skeleton.get());

    Loaded loaded;
    loaded.cost = instructions(log.data());
    if (code != 0)
        loaded.error = reason(-code) + ": " + complaint(log.data());
    else
        loaded.fd = Fd(fcntl(bpf_program__fd(wanted), F_DUPFD_CLOEXEC, 3));
    return loaded;
}

struct Listed {
    std::string name;
    bool frags; // takes packets in several buffers
};

std::vector<Listed> programs() {
    const std::unique_ptr<xdp, decltype(&xdp::destroy)> skeleton(xdp::open(), xdp::destroy);
    std::vector<Listed> listed;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) {
        const std::string section = bpf_program__section_name(program);
        listed.push_back({bpf_program__name(program), section == "xdp.frags"});
    }
    return listed;
}

// Broadcasts an echo request in an Ethernet frame.
bool send_frame(const char *interface) {
    const Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    std::array<uint8_t, ETH_ZLEN> frame{};
    std::fill_n(frame.begin(), ETH_ALEN, uint8_t{0xff});
    frame[ETH_ALEN] = 2;
    frame[12] = ETHERTYPE_IP >> 8;
    std::copy(echo_request.begin(), echo_request.end(), frame.begin() + ETH_HLEN);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    return sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr *>(&to),
                  sizeof to) == ssize_t{frame.size()};
}

bool send_to(const Place &place, const Fd &tun) {
    return place.sender ? send_frame(place.sender)
                        : write(tun.get(), echo_request.data(), echo_request.size()) > 0;
}

// Sends packets until the program has run. Returns an error text, or an empty one.
std::string fire(const Fd &program, const Place &place, const Fd &tun) {
    const uint64_t before = runs(program);
    for (int attempt = 0; attempt < 500; attempt++) {
        if (!send_to(place, tun))
            return std::string("cannot send to ") + place.interface + ": " + reason(errno);
        for (int look = 0; look < 10; look++) {
            if (runs(program) > before)
                return {};
            usleep(1000);
        }
    }
    return "attached, but it does not run";
}

// Attaches the program, then replaces it by the other one. Returns an error text, or an empty one.
std::string attach(const Fd &program, const Fd &other, const Place &place, const Fd &tun) {
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = place.mode);
    const int index = static_cast<int>(if_nametoindex(place.interface));
    const Fd link(bpf_link_create(program.get(), index, BPF_XDP, &options));
    if (!link.valid())
        return "cannot attach: " + reason(errno);
    if (std::string error = fire(program, place, tun); !error.empty())
        return error;
    if (bpf_link_update(link.get(), other.get(), nullptr) != 0)
        return "cannot exchange the program: " + reason(errno);
    if (const std::string error = fire(other, place, tun); !error.empty())
        return "exchanged: " + error;
    return {};
}

// Tries the form for each place there, then replaces it by the other form, which must run as well.
void try_places(const std::string &name, const Forms &forms, const Fd &tun) {
    for (const Place &place : places) {
        const bool raw_ip = !place.sender;
        const std::string cell = name + ": " + place.name;
        if (raw_ip && !tun.valid()) {
            print_cell(cell, "skip", "this machine has no /dev/net/tun");
            continue;
        }
        const std::string error = attach(forms[raw_ip].fd, forms[!raw_ip].fd, place, tun);
        print_cell(cell, error.empty() ? "pass" : "fail", error);
    }
}

void leave_out_places(const std::string &name, const char *state, const std::string &text) {
    for (const Place &place : places)
        print_cell(name + ": " + place.name, state, text);
}

void try_program(const std::string &name, bool frags, const Fd &tun) {
    const std::string cell = name + ": loads";
    if (frags && !kernel_has_frags()) {
        print_cell(cell, "limit", no_frags);
        leave_out_places(name, "limit", no_frags);
        return;
    }
    const Forms forms = {load(name, false), load(name, true)};
    for (const bool raw_ip : {false, true}) {
        const std::string form = raw_ip ? " for raw IP" : "";
        if (!forms[raw_ip].error.empty()) {
            print_cell(cell, "fail", forms[raw_ip].error + form);
            leave_out_places(name, "skip", "after " + cell);
            return;
        }
        std::printf("cost\t%s%s\t%u\n", name.c_str(), form.c_str(), forms[raw_ip].cost);
    }
    print_cell(cell, "pass", "");
    try_places(name, forms, tun);
}

// Makes a network namespace with the interfaces of all places but tun.
bool make_interfaces() {
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    FILE *const ip = popen("ip -batch -", "w");
    if (!ip)
        return false;
    std::fputs("link set lo up\n"
               "link add veth0 type veth peer name veth1\n"
               "link set veth0 up\n"
               "link set veth1 up\n",
               ip);
    return pclose(ip) == 0;
}

Fd make_tun() {
    Fd tun = open_tun("tun0");
    ifreq request = {};
    std::string("tun0").copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return tun.valid() && ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0 ? std::move(tun) : Fd();
}

int run() {
    libbpf_set_print(nullptr);
    if (!make_interfaces()) {
        std::fprintf(stderr, "vm-programs: cannot make interfaces: %s\n", reason(errno).c_str());
        return 1;
    }
    const Fd tun = make_tun();
    const Fd counting = count_runs();
    if (!counting.valid()) {
        std::fprintf(stderr, "vm-programs: cannot count runs: %s\n", reason(errno).c_str());
        return 1;
    }
    for (const auto &[name, frags] : programs())
        try_program(name, frags, tun);
    return 0;
}

} // namespace
} // namespace pinpipe

int main() {
    return pinpipe::run();
}
