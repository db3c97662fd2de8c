// FNV-1a, 64 bits: to tell builds apart, not to withstand anybody.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinpipe::loader {

inline constexpr uint64_t hash_start = 0xcbf29ce484222325ULL;

inline uint64_t hash(uint64_t state, std::string_view bytes) {
    for (const char c : bytes)
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return state;
}

template <class T> uint64_t hash_value(uint64_t state, const T &value) {
    return hash(state, {reinterpret_cast<const char *>(&value), sizeof value});
}

} // namespace pinpipe::loader
