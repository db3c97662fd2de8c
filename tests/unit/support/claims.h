// SPDX-License-Identifier: MIT
// Claims of reader slots on a private layout, and what the kernel programs see of them.
#pragma once

#include "tests/unit/support/child.h"
#include "tests/unit/support/layout.h"
#include "tools/reader/claim.h"

namespace pinpipe {

class ClaimTest : public LayoutTest {
protected:
    static constexpr uint32_t icmp = 1U << STREAM_ICMP;
    static void ask_all(reader_control &control) {
        control.icmp.hooks = control.icmp.versions = ~uint64_t{0};
    }

    Result<Claim> take(uint32_t streams = icmp, const Claim::Ask &ask = ask_all) const {
        const auto abi = pins().abi();
        return abi ? Claim::take(pins(), *abi, streams, ask) : fail(abi.error());
    }

    wanted_record wanted() const { return element<wanted_record>("maps/wanted"); }
    uint32_t wanted_icmp() const { return wanted().readers[STREAM_ICMP]; }
    reader_control control(unsigned slot) const {
        return element<reader_control>("readers/" + std::to_string(slot) + "/control");
    }
    template <class T> T element(const std::string &path, uint32_t index = 0) const {
        T value{};
        const Fd map(bpf_obj_get(below(path).c_str()));
        EXPECT_EQ(bpf_map_lookup_elem(map.get(), &index, &value), 0) << path;
        return value;
    }
    template <class T> void put(const std::string &path, const T &value, uint32_t index = 0) const {
        const Fd map(bpf_obj_get(below(path).c_str()));
        EXPECT_EQ(bpf_map_update_elem(map.get(), &index, &value, BPF_ANY), 0) << path;
    }

    // Starts a child called name that claims a slot and keeps it until it is killed.
    Child holder(const std::string &name) const {
        Pipe ready;
        Child child([&] {
            prctl(PR_SET_NAME, name.c_str());
            const auto claim = take();
            if (!claim)
                return report("test", claim.error());
            ready.write.reset();
            pause();
            return 0;
        });
        ready.write.reset();
        EXPECT_TRUE(readable(ready.read));
        return child;
    }
};

} // namespace pinpipe
