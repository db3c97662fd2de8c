// SPDX-License-Identifier: MIT
// The counters of events and of rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace pinpipe::top {

// Fragments and malformed packets belong to an interface, not to a port.
enum Counter : unsigned {
    bytes_sent,
    bytes_received,
    packets_sent,
    packets_received,
    fragments,
    malformed,
    counters
};

// One value for each counter; none if it is not measured, which is not the same as 0.
template <class T> using Counted = std::array<std::optional<T>, counters>;
using Amounts = Counted<uint64_t>;
using Rates = Counted<double>; // a second

template <class T> void add(Counted<T> &to, const Counted<T> &more) {
    for (unsigned i = 0; i < counters; i++)
        if (more[i])
            to[i] = to[i].value_or(T{}) + *more[i];
}

} // namespace pinpipe::top
