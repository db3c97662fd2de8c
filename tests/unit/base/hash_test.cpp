// SPDX-License-Identifier: MIT
#include "lib/base/hash.h"

#include <gtest/gtest.h>
#include <set>

namespace pinpipe {
namespace {

// The vectors of the FNV reference code.
TEST(Hash, IsFnv1a) {
    EXPECT_EQ(hash_bytes(hash_start, ""), 0xcbf29ce484222325ULL);
    EXPECT_EQ(hash_bytes(hash_start, "a"), 0xaf63dc4c8601ec8cULL);
    EXPECT_EQ(hash_bytes(hash_start, "foobar"), 0x85944171f73967e8ULL);
    EXPECT_EQ(hash_bytes(hash_bytes(hash_start, "foo"), "bar"), 0x85944171f73967e8ULL);
}

TEST(Hash, OfAValueIsOfItsBytes) {
    const char bytes[4] = {'a', 'b', 'c', 'd'};
    EXPECT_EQ(hash_value(hash_start, bytes), hash_bytes(hash_start, "abcd"));
}

TEST(Hash, OrderAndNumberOfWordsCount) {
    EXPECT_NE(hash_words({1, 2}), hash_words({2, 1}));
    EXPECT_NE(hash_words({1}), hash_words({1, 0}));
    EXPECT_EQ(hash_words({1, 2}), mix(mix(0, 1), 2));
}

// Hash tables use the lowest bits: keys that differ only in the highest bits must differ there.
TEST(Hash, EachBitReachesTheLowest) {
    for (const bool second : {false, true}) {
        std::set<uint64_t> low;
        for (unsigned bit = 0; bit < 64; bit++) {
            const uint64_t word = uint64_t{1} << bit;
            low.insert((second ? hash_words({7, word}) : hash_words({word, 7})) & 0xffff);
        }
        EXPECT_GE(low.size(), 60u);
    }
}

} // namespace
} // namespace pinpipe
