// SPDX-License-Identifier: MIT
// Reads and clears whole hash maps, with many elements in each system call.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace pinpipe {

template <class K, class V> using Elements = std::vector<std::pair<K, V>>;

// Calls see(key, values) for each element. values points at `each` values: one for each possible
// CPU of a per-CPU map, else 1. Elements may be added and deleted meanwhile; one that stays is seen
// once. path: for the error.
template <class K, class V, class See>
Result<void> see_all(const Fd &map, size_t each, const std::string &path, See see) {
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    std::vector<K> keys(4096);
    std::vector<V> values(keys.size() * each);
    __u32 in = 0, out = 0;
    for (bool first = true;;) {
        auto count = static_cast<__u32>(keys.size());
        const int code = bpf_map_lookup_batch(map.get(), first ? nullptr : &in, &out, keys.data(),
                                              values.data(), &count, &options);
        if (code == -ENOSPC) { // a bucket does not fit
            keys.resize(2 * keys.size());
            values.resize(keys.size() * each);
            continue;
        }
        if (code != 0 && code != -ENOENT)
            return fail(system_error("read " + path, -code));
        for (size_t i = 0; i < count; i++)
            see(keys[i], &values[i * each]);
        if (code == -ENOENT)
            return {};
        in = out;
        first = false;
    }
}

template <class K, class V>
Result<Elements<K, V>> read_all(const Fd &map, const std::string &path) {
    Elements<K, V> all;
    const auto seen = see_all<K, V>(
        map, 1, path, [&](const K &key, const V *value) { all.emplace_back(key, *value); });
    return seen ? Result<Elements<K, V>>(std::move(all)) : fail(seen.error());
}

// Removes these keys; keys that are missing are no error.
template <class K> void remove_all(const Fd &map, const std::vector<K> &keys) {
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    for (size_t at = 0; at < keys.size();) {
        auto count = static_cast<__u32>(keys.size() - at);
        // bpf_map_delete_batch() does not change the keys.
        const int code =
            bpf_map_delete_batch(map.get(), const_cast<K *>(keys.data() + at), &count, &options);
        at += code == 0 ? keys.size() - at : count + 1;
    }
}

} // namespace pinpipe
