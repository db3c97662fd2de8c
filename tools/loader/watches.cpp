// SPDX-License-Identifier: MIT
#include "tools/loader/watches.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::loader {
namespace {

constexpr auto words_count = static_cast<size_t>(WATCHED_WORDS);

Result<Mapping> map_words(const Layout &layout) {
    return map_array(layout.map(watched_map), words_count * sizeof(__u64), watched_map.path);
}

// Clears the bits of all ports except those that are watched regardless of the process.
void clear_bits(const Mapping &words, uint64_t bits) {
    auto *const word = words.as<__u64>();
    for (size_t i = 0; i < words_count; i++)
        if (!is_always(word[i]) && word[i] & bits)
            __atomic_fetch_and(&word[i], ~bits, __ATOMIC_RELAXED);
}

} // namespace

Result<void> forget_counts(const Layout &layout, unsigned hook) {
    const Fd &counts = layout.map(port_counts_map);
    std::vector<__u32> keys;
    for (__u32 key = 0, *before = nullptr; bpf_map_get_next_key(counts.get(), before, &key) == 0;
         before = &key)
        if (key >> 24 == hook)
            keys.push_back(key);
    for (const __u32 key : keys)
        bpf_map_delete_elem(counts.get(), &key);
    const auto words = map_words(layout);
    if (!words)
        return fail(words.error());
    clear_bits(*words, uint64_t{1} << hook);
    return {};
}

Result<void> forget_claims(const Layout &layout) {
    const auto words = map_words(layout);
    if (!words)
        return fail(words.error());
    clear_bits(*words, WATCH_ALWAYS);
    return {};
}

Result<WatchRequest> parse_watch(const std::string &text) {
    const size_t colon = text.find(':');
    const auto ports = parse_port_rule(text.substr(0, colon));
    if (!ports)
        return fail(ports.error());
    WatchRequest request{*ports, ""};
    if (colon == text.npos)
        return request;
    request.process = text.substr(colon + 1);
    const auto kind = process_kind(request.process);
    return kind ? Result<WatchRequest>(request) : fail(kind.error());
}

Result<std::vector<Watch>> find_watches(const std::vector<WatchRequest> &requests) {
    std::vector<Watch> watches;
    for (const WatchRequest &request : requests) {
        watches.push_back({request.ports, {}});
        if (request.process.empty())
            continue;
        auto process = find_process(request.process);
        if (!process)
            return fail(process.error());
        watches.back().process = std::move(*process);
    }
    return watches;
}

Result<std::vector<std::string>> add_watches(const Pins &pins, const std::vector<Watch> &watches,
                                             const LockWait &wait) {
    std::vector<std::string> told;
    if (watches.empty())
        return told;
    auto list = WatchList::open_to_write(pins, wait, RootLock::held);
    if (!list)
        return fail(list.error());
    for (const Watch &watch : watches) {
        const auto there = list->has(watch);
        if (!there)
            return fail(there.error());
        told.push_back(watched_text(watch) + (*there ? ": unchanged" : ""));
    }
    if (auto added = list->add(watches); !added)
        return fail(added.error());
    return told;
}

} // namespace pinpipe::loader
