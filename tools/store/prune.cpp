// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"
#include "lib/base/terminal_text.h"
#include "tools/store/sqlite.h"
#include "tools/store/time_text.h"
#include "tools/store/upkeep.h"

#include <cstdio>
#include <sys/stat.h>

namespace pinpipe::store {
namespace {

uint64_t size_of(const std::string &path) {
    uint64_t size = 0;
    for (const char *rest : {"", "-wal"}) {
        struct stat st {};
        if (stat((path + rest).c_str(), &st) == 0)
            size += static_cast<uint64_t>(st.st_size);
    }
    return size;
}

// Gives unused pages back to the file system in slices, each of which is checkpointed at once,
// since the write-ahead log needs space too.
Result<void> give_back(Database &database) {
    constexpr const char *slice =
        "PRAGMA incremental_vacuum(4000); PRAGMA wal_checkpoint(TRUNCATE)";
    for (int64_t before = INT64_MAX;;) {
        const auto unused = database.number("PRAGMA freelist_count");
        if (!unused)
            return fail(unused.error());
        if (auto given = database.run(slice); !given)
            return given;
        if (*unused == 0 || *unused >= before || stop_requested())
            return {};
        before = *unused;
    }
}

} // namespace

Result<void> prune(const Request &request) {
    auto database = Database::open_writer(request.database, false);
    if (!database)
        return fail(database.error());
    const uint64_t before = size_of(request.database);
    Keep keep = request.keep;
    if (!request.keep_raw_given) // how long lines and sums are kept is left to the writer
        keep.raw = now_microseconds();
    for (bool more = true; more && !stop_requested();) {
        const auto aged = age(*database, keep, now_microseconds());
        if (!aged)
            return fail(aged.error());
        more = *aged;
    }
    if (auto dropped = drop_unused(*database); !dropped)
        return dropped;
    if (auto given = give_back(*database); !given)
        return given;
    std::fprintf(stderr, "ebpf-store: %s: %s, was %s\n", printable(request.database).c_str(),
                 amount_text(size_of(request.database), Units::binary).c_str(),
                 amount_text(before, Units::binary).c_str());
    return {};
}

} // namespace pinpipe::store
