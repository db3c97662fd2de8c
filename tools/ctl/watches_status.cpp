// SPDX-License-Identifier: MIT
#include "tools/ctl/watches_status.h"

#include "lib/pins/hooks.h"
#include "tools/ctl/commands.h"

#include <algorithm>
#include <tuple>

namespace pinpipe::ctl {
namespace {

// Bits of the hooks that count packets; all bits where only the pins of the admin group may be
// opened.
uint64_t counting_hooks(const Pins &pins) {
    const auto map = pins.open(hooks_map, Access::read);
    const auto hooks = map ? read_hooks(*map, pins.path(hooks_map.path)) : fail(map.error());
    uint64_t bits = 0;
    for (unsigned number = 0; hooks && number <= LAST_HOOK; number++)
        if ((*hooks)[number].kind == HOOK_XDP)
            bits |= uint64_t{1} << number;
    return hooks ? bits : WATCH_ALWAYS;
}

bool is_same(const WatchStatus &a, const WatchStatus &b) {
    if (a.proto != b.proto || a.counting != b.counting ||
        a.process.has_value() != b.process.has_value())
        return false;
    return !a.process ||
           (a.process->text == b.process->text && a.process->key.kind == b.process->key.kind &&
            a.process->key.id[0] == b.process->key.id[0] &&
            a.process->key.id[1] == b.process->key.id[1]);
}

void add_port(std::vector<WatchStatus> &watches, WatchStatus one) {
    if (!watches.empty() && is_same(watches.back(), one) &&
        watches.back().range.last + 1 == one.range.first)
        watches.back().range.last = one.range.first;
    else
        watches.push_back(std::move(one));
}

Process process_of(const WatchList::Waiting &waiting) {
    Process process{{}, waiting.text};
    process.key.kind = static_cast<__u16>(waiting.key.kind);
    process.key.id[0] = waiting.key.id[0];
    process.key.id[1] = waiting.key.id[1];
    return process;
}

Result<std::vector<WatchStatus>> gather_watches(const std::string &pin_root) {
    const Pins pins(pin_root);
    const auto list = WatchList::open_to_read(pins);
    if (!list)
        return fail(list.error());
    const auto words = list->words();
    if (!words)
        return fail(words.error());
    auto waiting = list->waiting();
    if (!waiting)
        return fail(waiting.error());
    auto watches = watches_of(*words, std::move(*waiting), counting_hooks(pins));
    for (WatchStatus &watch : watches)
        watch.current = !watch.process || is_current(watch.process->key, watch.process->text);
    return watches;
}

} // namespace

std::vector<WatchStatus> watches_of(const std::vector<uint64_t> &words,
                                    std::vector<WatchList::Waiting> waiting, uint64_t hooks) {
    std::vector<WatchStatus> watches;
    const auto add = [&](uint32_t index, std::optional<Process> process) {
        const auto port = static_cast<uint16_t>(index);
        add_port(
            watches,
            {index >> 16, {port, port}, std::move(process), true, (words[index] & hooks) != 0});
    };
    for (uint32_t index = 0; index < words.size(); index++)
        if (is_always(words[index]))
            add(index, {});
    const auto place = [](const WatchList::Waiting &one) {
        return std::tie(one.key.proto, one.key.kind, one.text, one.key.id[0], one.key.id[1],
                        one.key.port);
    };
    std::sort(waiting.begin(), waiting.end(),
              [&](const auto &a, const auto &b) { return place(a) < place(b); });
    for (const WatchList::Waiting &one : waiting)
        if (const uint32_t index = uint32_t{one.key.proto} << 16 | one.key.port;
            index < words.size())
            add(index, process_of(one));
    std::stable_sort(watches.begin(), watches.end(), [](const auto &a, const auto &b) {
        return std::tie(a.range.first, a.proto) < std::tie(b.range.first, b.proto);
    });
    return watches;
}

Result<void> watches(const Parsed &parsed) {
    const auto gathered = gather_watches(parsed.pin_root);
    if (!gathered)
        return fail(gathered.error());
    return print(parsed.has(opt_json) ? watches_json(*gathered) : watches_text(*gathered));
}

} // namespace pinpipe::ctl
