// Whole hash maps at once: many elements a system call.
#pragma once

#include "lib/error.h"
#include "lib/fd.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace pinpipe::ctl {

template <class K, class V> using Elements = std::vector<std::pair<K, V>>;

// Elements may come and go meanwhile; each that stays is there once. path: for the error.
template <class K, class V>
Result<Elements<K, V>> read_all(const Fd &map, const std::string &path) {
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    Elements<K, V> all;
    std::vector<K> keys(4096);
    std::vector<V> values(keys.size());
    __u32 in = 0, out = 0;
    for (bool first = true;;) {
        auto count = static_cast<__u32>(keys.size());
        const int code = bpf_map_lookup_batch(map.get(), first ? nullptr : &in, &out, keys.data(),
                                              values.data(), &count, &options);
        if (code == -ENOSPC) { // a bucket that is longer than the room
            keys.resize(2 * keys.size());
            values.resize(keys.size());
            continue;
        }
        if (code != 0 && code != -ENOENT)
            return fail(system_error("read " + path, -code));
        for (size_t i = 0; i < count; i++)
            all.emplace_back(keys[i], values[i]);
        if (code == -ENOENT)
            return all;
        in = out;
        first = false;
    }
}

// An error leaves a part of them written.
template <class K, class V>
Result<void> write_all(const Fd &map, const Elements<K, V> &elements, const std::string &path) {
    if (elements.empty())
        return {};
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    std::vector<K> keys;
    std::vector<V> values;
    for (const auto &[key, value] : elements) {
        keys.push_back(key);
        values.push_back(value);
    }
    auto count = static_cast<__u32>(keys.size());
    const int code = bpf_map_update_batch(map.get(), keys.data(), values.data(), &count, &options);
    if (code == -E2BIG)
        return fail(Error{.text = path + " is full",
                          .hint = "ebpf-ctl rules   (revoke what is not needed)",
                          .code = E2BIG});
    if (code != 0)
        return fail(system_error("write " + path, -code));
    return {};
}

// What is not there is removed already.
template <class K> void remove_all(const Fd &map, const std::vector<K> &keys) {
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    for (size_t at = 0; at < keys.size();) {
        auto count = static_cast<__u32>(keys.size() - at);
        // It changes nothing in the keys.
        const int code =
            bpf_map_delete_batch(map.get(), const_cast<K *>(keys.data() + at), &count, &options);
        at += code == 0 ? keys.size() - at : count + 1;
    }
}

} // namespace pinpipe::ctl
