// SPDX-License-Identifier: MIT
// Runs the parser in each kind of program on packets, through BPF_PROG_TEST_RUN. Nothing is
// attached; it needs root.
#pragma once

#include "tests/unit/packet/meaning.h"
#include "tests/unit/xdp/oracle.h"

#include <array>
#include <memory>
#include <optional>
#include <string>

struct meaning_xdp; // the skeletons
struct meaning_skb;

namespace pinpipe::packet_test {

using xdp_test::Frame;
using xdp_test::Link;

enum class View { xdp, xdp_frags, tc_sent, cgroup_out, cgroup_in };
inline constexpr std::array views = {View::xdp, View::xdp_frags, View::tc_sent, View::cgroup_out,
                                     View::cgroup_in};
std::string name(View view);

class Programs {
public:
    explicit Programs(Link link); // throws std::runtime_error
    ~Programs();

    // Cgroup programs see only packets without a link header.
    bool has(View view) const { return fd_[static_cast<size_t>(view)] >= 0; }

    // Returns nothing if the kernel does not run such a program on such a frame.
    std::optional<meaning> run(View view, Frame frame);

private:
    void load_xdp();
    void load_skb();

    struct Destroy {
        void operator()(struct meaning_xdp *skeleton) const;
        void operator()(struct meaning_skb *skeleton) const;
    };
    const Link link_;
    std::unique_ptr<struct meaning_xdp, Destroy> xdp_;
    std::unique_ptr<struct meaning_skb, Destroy> skb_;
    std::array<int, views.size()> fd_ = {-1, -1, -1, -1, -1};
};

// Formats a meaning as a line: "whole 17 192.0.2.1:513 > 198.51.100.7:1027 60 bytes ttl 61 tags 5 0
// flags 1".
std::string text(const meaning &m);
// Returns the oracle's meaning of the frame.
meaning expected(Frame frame, Link link);

} // namespace pinpipe::packet_test
