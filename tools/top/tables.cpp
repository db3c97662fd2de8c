// SPDX-License-Identifier: MIT
#include "tools/top/tables.h"

namespace pinpipe::top {

bool Tables::ends_round(const EventLine &line) const {
    const auto subject = subject_of(line.kind);
    return subject && in_round(*subject) && line.time != of(*subject).time();
}

void Tables::add(const EventLine &line) {
    for (Table &table : tables_)
        table.add(line);
    if (const auto subject = subject_of(line.kind))
        in_round_[index(*subject)] = true;
}

} // namespace pinpipe::top
