// SPDX-License-Identifier: MIT
// The list of watches in a private layout. The look at all sockets finds none, until the test makes
// it fail.
#pragma once

#include "lib/rules/watch_list.h"
#include "tests/unit/support/layout.h"

#include <stdexcept>

namespace pinpipe {

class WatchesTest : public LayoutTest {
protected:
    void give_probes(const char *reads = "/dev/null") const {
        unlink(below(admin_bound_path).c_str());
        ASSERT_EQ(symlink(reads, below(admin_bound_path).c_str()), 0) << std::strerror(errno);
    }
    WatchList writer() const {
        auto list = WatchList::open_to_write(pins());
        if (!list)
            throw std::runtime_error(list.error().text);
        return std::move(*list);
    }
    WatchList reader() const {
        auto list = WatchList::open_to_read(pins());
        if (!list)
            throw std::runtime_error(list.error().text);
        return std::move(*list);
    }
    static Watch watch_of(const std::string &ports, const std::string &process = "") {
        Watch watch{*parse_port_rule(ports), {}};
        if (!process.empty())
            watch.process = *find_process(process);
        return watch;
    }
    watching_record watching() const {
        watching_record record{};
        const __u32 zero = 0;
        const Fd map(bpf_obj_get(below(watching_map.path).c_str()));
        EXPECT_EQ(bpf_map_lookup_elem(map.get(), &zero, &record), 0);
        return record;
    }
    static uint32_t index_of(unsigned proto, uint16_t port) { return proto << 16 | port; }
    uint64_t word(uint16_t port, unsigned proto = RULE_TCP) const {
        return reader().words()->at(index_of(proto, port));
    }
    // Writes what a kernel program may have written.
    void put_word(uint64_t value, uint16_t port, unsigned proto = RULE_TCP) const {
        const uint32_t index = index_of(proto, port);
        const Fd map(bpf_obj_get(below(watched_map.path).c_str()));
        EXPECT_EQ(bpf_map_update_elem(map.get(), &index, &value, BPF_ANY), 0);
    }
};

} // namespace pinpipe
