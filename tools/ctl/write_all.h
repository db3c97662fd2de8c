// SPDX-License-Identifier: MIT
// Writes many elements of a map in one system call.
#pragma once

#include "lib/pins/map_elements.h"

namespace pinpipe::ctl {

// When this fails, a part of the elements may have been written.
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

} // namespace pinpipe::ctl
