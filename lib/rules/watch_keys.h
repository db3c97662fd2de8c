// SPDX-License-Identifier: MIT
// From ports to be watched to the words of the map watched, and to the keys of the map watches
// (bpf/abi/watches.h). The index of a port is that of its word.
#pragma once

#include "bpf/abi/watches.h"
#include "lib/rules/named_process.h"
#include "lib/rules/port_rule.h"

#include <cstring>
#include <vector>

namespace pinpipe {

std::vector<uint32_t> indexes_of(const PortRule &ports);

uint32_t index_of(const watch_key &key);

// The watch of the port at index while process has it.
watch_key key_of(const Process &process, uint32_t index);

bool has_port(const PortRule &ports, const watch_key &key);

// For sets of keys.
struct KeyOrder {
    bool operator()(const watch_key &a, const watch_key &b) const {
        return std::memcmp(&a, &b, sizeof a) < 0;
    }
};

} // namespace pinpipe
