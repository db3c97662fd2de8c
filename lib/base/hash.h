// SPDX-License-Identifier: MIT
// Hashes that are not cryptographic: FNV-1a over bytes, whose result may be stored, and a mix of
// words for tables in memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace pinpipe {

inline constexpr uint64_t hash_start = 0xcbf29ce484222325ULL;

// FNV-1a, 64 bits. state: hash_start, or the hash of the bytes before.
constexpr uint64_t hash_bytes(uint64_t state, std::string_view bytes) {
    for (const char c : bytes)
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return state;
}

// The same over the bytes of a value without padding.
template <class T> uint64_t hash_value(uint64_t state, const T &value) {
    return hash_bytes(state, {reinterpret_cast<const char *>(&value), sizeof value});
}

// Adds a word so that each of its bits reaches the lowest ones of the result: keys differ in few
// bits, often the highest (addresses are in network byte order).
constexpr uint64_t mix(uint64_t state, uint64_t word) {
    state = (state ^ word) * 0x9e3779b97f4a7c15ULL;
    state = (state ^ state >> 32) * 0xd6e8feb86659fd93ULL;
    return state ^ state >> 32;
}

constexpr uint64_t hash_words(std::initializer_list<uint64_t> words) {
    uint64_t state = 0;
    for (const uint64_t word : words)
        state = mix(state, word);
    return state;
}

} // namespace pinpipe
