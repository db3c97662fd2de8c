// SPDX-License-Identifier: MIT
#include "tools/store/sparkline.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace pinpipe::store {

Cells Cells::cover(int64_t from, int64_t to) {
    constexpr int64_t m = level_unit[minute], h = level_unit[hour], d = level_unit[day];
    constexpr int64_t lengths[] = {m,      2 * m,  5 * m,  10 * m,  15 * m,  30 * m,  h,
                                   2 * h,  3 * h,  6 * h,  12 * h,  d,       2 * d,   7 * d,
                                   14 * d, 30 * d, 60 * d, 180 * d, 365 * d, 3650 * d};
    constexpr auto most = static_cast<int64_t>(most_cells);
    Cells cells;
    int64_t last = 0;
    for (const int64_t length : lengths) {
        cells.first = from / length * length;
        cells.length = length;
        last = (to - 1 - cells.first) / length;
        if (last < most)
            break;
    }
    cells.count = static_cast<size_t>(std::clamp<int64_t>(last + 1, 1, most));
    cells.coarsest = cells.length % d == 0 ? day : cells.length % h == 0 ? hour : minute;
    return cells;
}

size_t Cells::index(int64_t time) const {
    const int64_t cell = std::max<int64_t>((time - first) / length, 0);
    return std::min(static_cast<size_t>(cell), count - 1);
}

std::string sparkline(const std::vector<uint64_t> &marks, bool utf8) {
    static constexpr const char *bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static constexpr const char *plain[] = {".", ".", ":", ":", "=", "=", "#", "#"};
    const uint64_t largest = marks.empty() ? 0 : *std::max_element(marks.begin(), marks.end());
    std::string out;
    for (const uint64_t mark : marks) {
        const double part = largest ? static_cast<double>(mark) / static_cast<double>(largest) : 0;
        const auto level = static_cast<size_t>(std::ceil(part * std::size(bars)));
        out += level ? (utf8 ? bars : plain)[level - 1] : " ";
    }
    return out;
}

} // namespace pinpipe::store
