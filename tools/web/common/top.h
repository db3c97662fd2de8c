// SPDX-License-Identifier: MIT
// The largest few of many entries.
#pragma once

#include <algorithm>
#include <vector>

namespace pinpipe::web {

// Pointers to at most `most` of the entries that `wanted` lets through, those with the largest
// measure(entry) first.
template <class Entries, class Wanted, class Measure>
auto top_of(const Entries &entries, size_t most, Wanted &&wanted, Measure &&measure) {
    using Entry = const typename Entries::value_type *;
    std::vector<std::pair<decltype(measure(*entries.begin())), Entry>> all;
    for (const auto &entry : entries)
        if (wanted(entry))
            all.emplace_back(measure(entry), &entry);
    const size_t count = std::min(most, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                      [](const auto &a, const auto &b) { return a.first > b.first; });
    std::vector<Entry> top;
    for (size_t i = 0; i < count; i++)
        top.push_back(all[i].second);
    return top;
}

} // namespace pinpipe::web
