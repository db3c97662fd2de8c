// SPDX-License-Identifier: MIT
#include "lib/base/base64.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace pinpipe {
namespace {

std::string encoded(const std::vector<unsigned char> &bytes) {
    std::string text(base64_size(bytes.size()) + 8, '#');
    const char *end = put_base64(text.data(), bytes.data(), bytes.size());
    const auto length = static_cast<size_t>(end - text.data());
    EXPECT_EQ(length, base64_size(bytes.size()));
    EXPECT_EQ(text.substr(length), "########");
    return text.substr(0, length);
}

std::string encoded(const std::string &text) {
    return encoded(std::vector<unsigned char>(text.begin(), text.end()));
}

// Encodes bit by bit, unlike the code under test.
std::vector<unsigned char> decoded(const std::string &text) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<unsigned char> bytes;
    unsigned bits = 0, count = 0;
    for (char c : text) {
        if (c == '=')
            break;
        const size_t value = digits.find(c);
        EXPECT_NE(value, digits.npos) << c;
        for (int bit = 5; bit >= 0; bit--) {
            bits = bits << 1 | (value >> bit & 1);
            if (++count == 8) {
                bytes.push_back(static_cast<unsigned char>(bits));
                bits = count = 0;
            }
        }
    }
    EXPECT_EQ(bits, 0u) << "left over bits are zero: " << text;
    return bytes;
}

TEST(Base64, VectorsOfRfc4648) {
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foob"), "Zm9vYg==");
    EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, EveryDigit) {
    EXPECT_EQ(encoded(std::vector<unsigned char>{
                  0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3, 0x8f,
                  0x41, 0x14, 0x93, 0x51, 0x55, 0x97, 0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f,
                  0x82, 0x18, 0xa3, 0x92, 0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf,
                  0xc3, 0x1c, 0xb3, 0xd3, 0x5d, 0xb7, 0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf}),
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    EXPECT_EQ(encoded(std::vector<unsigned char>{0xff, 0xff, 0xff}), "////");
    EXPECT_EQ(encoded(std::vector<unsigned char>{0xff, 0xff}), "//8=");
    EXPECT_EQ(encoded(std::vector<unsigned char>{0xff}), "/w==");
}

TEST(Base64, RandomBytesComeBack) {
    std::mt19937 random(4);
    for (size_t size = 0; size < 200; size++) {
        std::vector<unsigned char> bytes(size);
        for (unsigned char &byte : bytes)
            byte = static_cast<unsigned char>(random());
        const std::string text = encoded(bytes);
        ASSERT_EQ(text.size() % 4, 0u);
        ASSERT_EQ(decoded(text), bytes);
    }
}

TEST(Base64, BackToBytes) {
    std::minstd_rand random(3);
    for (size_t size = 0; size < 100; size++) {
        std::string bytes;
        for (size_t i = 0; i < size; i++)
            bytes += static_cast<char>(random());
        EXPECT_EQ(from_base64(encoded(bytes)), bytes);
    }
}

TEST(Base64, OneFormAlone) {
    EXPECT_EQ(from_base64("dmlldzp4"), "view:x");
    for (const char *text : {"dmlldzp", "dmll dzp4", "dmlldzp4\n",
                             "Zg=", "Zg===", "Zh==", "====", "=Zg=", "Z-_=", "Zm9=", "A"})
        EXPECT_FALSE(from_base64(text)) << text;
}

} // namespace
} // namespace pinpipe
