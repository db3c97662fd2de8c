// SPDX-License-Identifier: MIT
#include "tools/web/access/secret.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <sha2.h>
#include <sys/random.h>
#include <sys/types.h>

namespace pinpipe::web {

std::string random_bytes(size_t count) {
    std::string bytes(count, 0);
    for (size_t have = 0; have < count;) {
        const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
        if (got < 0 && errno != EINTR)
            std::abort(); // better none than a secret that can be guessed
        have += got > 0 ? static_cast<size_t>(got) : 0;
    }
    return bytes;
}

std::string hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += {digits[byte >> 4], digits[byte & 15]};
    }
    return text;
}

bool equal_secrets(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (size_t i = 0; i < a.size(); i++)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ b[i]));
    asm volatile("" : "+r"(difference)); // keeps the compiler from leaving the loop early
    return difference == 0;
}

// The key has a fixed length and is hashed before and after the secret, so that no length-extension
// attack works.
std::string SecretNames::of(std::string_view secret) const {
    std::string text = key_;
    text.append(secret).append(key_);
    char digits[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data(reinterpret_cast<const uint8_t *>(text.data()), text.size(), digits);
    return digits;
}

} // namespace pinpipe::web
