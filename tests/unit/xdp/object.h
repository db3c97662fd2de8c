// SPDX-License-Identifier: MIT
// Runs the XDP programs on frames through BPF_PROG_TEST_RUN. No interface is touched and nothing is
// pinned; it needs root. Objects are loaded once a shape and stay loaded: a run costs about 1 µs.
#pragma once

#include "bpf/abi/control.h"
#include "bpf/abi/watches.h"
#include "lib/base/fd.h"
#include "lib/base/mapping.h"
#include "tests/unit/xdp/oracle.h"

#include <array>
#include <memory>
#include <optional>

struct xdp; // the skeleton

namespace pinpipe::xdp_test {

// The longest frame that fits one buffer; what is longer comes in further buffers of a page each.
// Drivers never give those to a plain XDP program.
size_t first_buffer_size();

inline constexpr uint32_t ring_bytes = 1 << 16;

enum class Program { packet, frags };

// What came out of a ring: a record, or bytes of another length.
struct Taken {
    uint32_t size;
    icmp_record record;
};

// The consumer of one ring. It trusts the ring, to which only the kernel writes besides.
class TestRing {
public:
    explicit TestRing(Fd ring);
    int fd() const { return ring_.get(); }
    std::vector<Taken> take(); // all waiting records
    size_t capacity() const;   // records that fit into an empty ring
    uint64_t consumer() const;
    void set_consumer(uint64_t position); // also to nonsense

private:
    Fd ring_;
    Mapping position_, data_;
};

struct Ran {
    int error;        // of the system call; the rest is valid at 0
    uint32_t verdict; // XDP_*
    bool unchanged;   // the frame
};

struct Shape {
    uint8_t hook;
    Link link;
};

class XdpObject {
public:
    // The errno with which the kernel refuses any XDP program, or 0.
    static int refused();
    explicit XdpObject(Shape shape); // throws std::runtime_error
    ~XdpObject();

    const Shape &shape() const { return shape_; }
    bool has(Program program) const { return fd_[static_cast<size_t>(program)] >= 0; }
    // Whether this kernel lets a run choose where the first buffer ends (6.18).
    bool splits() const { return splits_; }

    Ran run(Program program, Frame frame, std::optional<uint32_t> first_buffer = {},
            uint32_t repeat = 1);

    wanted_record &wanted();
    reader_control &control(unsigned slot) { return *controls_.at(slot).as<reader_control>(); }
    TestRing &ring(unsigned slot) { return rings_.at(slot); }
    reader_losses losses(unsigned slot) const;
    void set_losses(unsigned slot, const reader_losses &losses);
    hook_counters counters(unsigned hook) const; // sum over CPUs
    // index: of the port's word. Watches are on until unwatch().
    void watch(uint32_t index, uint64_t word);
    void unwatch();
    count_record port_count(uint32_t index) const; // of this object's hook, received
    void set_maps(unsigned slot, bool there);      // adds or removes the slot's control and ring

    // Resets: no reader asks, all rings and controls are empty. Counters go on.
    void reset();

private:
    void load();
    void make_slot(unsigned slot);

    struct Destroy {
        void operator()(struct xdp *skeleton) const;
    };
    Shape shape_;
    std::unique_ptr<struct xdp, Destroy> skeleton_;
    std::array<int, 2> fd_ = {-1, -1};
    std::array<Fd, MAX_READERS> control_fds_;
    std::array<Mapping, MAX_READERS> controls_;
    std::vector<TestRing> rings_;
    int counters_fd_ = -1, losses_fd_ = -1;
    std::vector<uint32_t> watched_;
    bool splits_ = false;
};

} // namespace pinpipe::xdp_test
