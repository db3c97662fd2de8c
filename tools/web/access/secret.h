// SPDX-License-Identifier: MIT
// Helpers for secrets: random bytes, comparing, and a name for a secret that does not reveal it.
#pragma once

#include <string>
#include <string_view>

namespace pinpipe::web {

std::string random_bytes(size_t count);
std::string hex(std::string_view bytes);

// Compares in a time that does not depend on where the two differ.
bool equal_secrets(std::string_view a, std::string_view b);

// Names of secrets: SHA-256 with a random key of this run. Looking up a name may take any time
// without revealing the secret.
class SecretNames {
public:
    SecretNames() : key_(random_bytes(32)) {}
    std::string of(std::string_view secret) const;

private:
    const std::string key_;
};

} // namespace pinpipe::web
