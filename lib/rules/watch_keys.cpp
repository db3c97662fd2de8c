// SPDX-License-Identifier: MIT
#include "lib/rules/watch_keys.h"

namespace pinpipe {

std::vector<uint32_t> indexes_of(const PortRule &ports) {
    std::vector<uint32_t> indexes;
    for (uint32_t proto = 0; proto < rule_protos; proto++)
        for (uint32_t port = ports.range.first;
             ports.protos >> proto & 1 && port <= ports.range.last; port++)
            indexes.push_back(proto << 16 | port);
    return indexes;
}

uint32_t index_of(const watch_key &key) {
    return (uint32_t{key.proto} << 16 | key.port) % WATCHED_WORDS;
}

watch_key key_of(const Process &process, uint32_t index) {
    watch_key key{};
    std::memcpy(key.id, process.key.id, sizeof key.id);
    key.kind = process.key.kind;
    key.port = static_cast<__u16>(index);
    key.proto = static_cast<__u8>(index >> 16);
    return key;
}

bool has_port(const PortRule &ports, const watch_key &key) {
    return ports.protos >> key.proto & 1 && key.port >= ports.range.first &&
           key.port <= ports.range.last;
}

} // namespace pinpipe
