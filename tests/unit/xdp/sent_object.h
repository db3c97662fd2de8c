// SPDX-License-Identifier: MIT
// Runs the tc program that counts sent packets through BPF_PROG_TEST_RUN, as object.h does with XDP
// programs.
#pragma once

#include "tests/unit/xdp/object.h"

struct egress; // the skeleton

namespace pinpipe::xdp_test {

class SentObject {
public:
    explicit SentObject(Shape shape); // throws std::runtime_error
    ~SentObject();
    // Returns the object for this shape, which stays loaded.
    static SentObject *loaded(Shape shape);

    // Returns the verdict, or nothing if the kernel runs no tc program on such a frame.
    std::optional<uint32_t> run(Frame frame);
    void watch(uint32_t index, uint64_t word);
    void unwatch();
    hook_counters counters() const;                // of this object's hook, sum over CPUs
    count_record port_count(uint32_t index) const; // likewise, sent

private:
    struct Destroy {
        void operator()(struct egress *skeleton) const;
    };
    Shape shape_;
    std::unique_ptr<struct egress, Destroy> skeleton_;
    std::vector<uint32_t> watched_;
};

} // namespace pinpipe::xdp_test
