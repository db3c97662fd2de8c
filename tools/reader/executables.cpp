// SPDX-License-Identifier: MIT
#include "tools/reader/executables.h"

#include "lib/event/common_fields.h"
#include "lib/event/put_fields.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr size_t known_max = size_t{4} * MAX_EXES;
constexpr uint64_t patience = 100'000; // microseconds until what was not there is looked for again

} // namespace

std::string exe_path(const exe_record &record) {
    std::string_view rest(record.text, std::min<size_t>(record.length, sizeof record.text));
    if (rest.empty())
        return "";
    rest.remove_suffix(rest.back() == '\0');
    std::string path = record.flags & EXE_ELLIPSIS ? "..." : "";
    for (;;) {
        const size_t end = rest.rfind('\0');
        path += '/';
        path += end == rest.npos ? rest : rest.substr(end + 1);
        if (end == rest.npos)
            return path;
        rest = rest.substr(0, end);
    }
}

Result<Executables> Executables::open(const Pins &pins) {
    Executables executables;
    if (access(pins.path(exes_map.path).c_str(), F_OK) != 0)
        return executables;
    auto map = pins.open(exes_map, Access::read);
    if (!map)
        return fail(map.error());
    executables.map_ = std::move(*map);
    return executables;
}

std::string_view Executables::run(const exe_key &key, uint64_t microseconds) {
    if (!key.inode || !map_.valid())
        return {};
    if (known_.size() >= known_max)
        known_.clear();
    const auto [place, fresh] = known_.try_emplace(Key{key.inode, key.device, key.name});
    Known &known = place->second;
    if (!known.run.empty() || (!fresh && microseconds - known.asked < patience))
        return known.run;
    known.asked = microseconds;
    exe_record record{};
    if (bpf_map_lookup_elem(map_.get(), &key, &record) == 0 && record.length)
        known.run = prepare_text(fields::executable, exe_path(record));
    return known.run;
}

} // namespace pinpipe
