// SPDX-License-Identifier: MIT
// What keeps secrets secret: randomness, comparing, and a name for a secret that tells nothing of
// it.
#pragma once

#include <string>
#include <string_view>

namespace pinpipe::web {

std::string random_bytes(size_t count);
std::string hex(std::string_view bytes);

// In a time that does not depend on where they differ.
bool equal_secrets(std::string_view a, std::string_view b);

// SHA-256 with a key of this run: what is looked up by it can be looked up in any time.
class SecretNames {
public:
    SecretNames() : key_(random_bytes(32)) {}
    std::string of(std::string_view secret) const;

private:
    const std::string key_;
};

} // namespace pinpipe::web
