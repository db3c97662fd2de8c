// SPDX-License-Identifier: MIT
// --since: what is accepted is a time, and written again it is the same.
#include "tools/store/time_text.h"

#include <cstdlib>

using namespace pinpipe::store;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const bool set = setenv("TZ", "Europe/Berlin", 1) == 0;
    constexpr int64_t now = 1'795'000'000'000'000;
    const std::string text(reinterpret_cast<const char *>(data), size);
    const auto length = parse_duration("--keep", text);
    if (length && (*length <= 0 || !set))
        abort();
    const auto time = parse_moment("--since", text, now);
    if (!time || length)
        return 0;
    const auto again = parse_moment("--since", utc_text(*time), now);
    if (!again || *again != *time)
        abort();
    for (const int64_t step : {int64_t{7'000'000'000}, int64_t{86'400'000'000}}) {
        const auto moments = intervals(*time, *time + 3 * step + 1, step, 10);
        if (moments.size() < 3 || moments.front() != *time ||
            moments.back() != *time + 3 * step + 1)
            abort();
    }
    return 0;
}
