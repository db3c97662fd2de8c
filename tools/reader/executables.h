// SPDX-License-Identifier: MIT
// Where executables are, as kernel programs wrote it down: maps/exes.
#pragma once

#include "bpf/abi/events.h"
#include "lib/base/error.h"
#include "lib/pins/pins.h"

#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace pinpipe {

// "/usr/bin/curl"; ".../bin/curl" where outer directories are missing. Any bytes. Empty: not yet
// written. The record may be damaged.
std::string exe_path(const exe_record &record);

class Executables {
public:
    // Nothing pinned: nothing is known of any.
    static Result<Executables> open(const Pins &pins);

    // `,"exe":"/usr/bin/curl"`, or empty; until the next call. microseconds: the time, of any clock
    // that goes on.
    std::string_view run(const exe_key &key, uint64_t microseconds);

private:
    struct Known {
        std::string run;
        uint64_t asked = 0; // when, if it is empty
    };
    using Key = std::tuple<uint64_t, uint32_t, uint32_t>;

    Fd map_;
    std::map<Key, Known> known_;
};

} // namespace pinpipe
