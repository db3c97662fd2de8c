// SPDX-License-Identifier: MIT
// --host: what is accepted is a prefix, and written again it means the same.
#include "lib/base/address.h"

#include <cstdlib>
#include <cstring>

using namespace pinpipe;

namespace {

int ones(const union address &mask) {
    int count = 0;
    while (count < 128 && mask.bytes[count / 8] >> (7 - count % 8) & 1)
        count++;
    for (int bit = count; bit < 128; bit++)
        if (mask.bytes[bit / 8] >> (7 - bit % 8) & 1)
            abort(); // not leading ones alone
    return count;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // As argv has it: up to the first NUL.
    const std::string text(reinterpret_cast<const char *>(data), size);
    const auto prefix = parse_prefix(text.c_str());
    if (!prefix) {
        if (prefix.error().exit != Exit::usage || prefix.error().text.empty())
            abort();
        return 0;
    }
    for (size_t i = 0; i < 16; i++)
        if (prefix->host.bytes[i] & ~prefix->mask.bytes[i])
            abort();
    const std::string host = address_text(prefix->host);
    const int length = ones(prefix->mask) - (host.find(':') == host.npos ? 96 : 0);
    if (length < 0) // a v6 prefix that holds all of v4, and more
        return 0;
    const auto again = parse_prefix(host + "/" + std::to_string(length));
    if (!again || std::memcmp(&*again, &*prefix, sizeof *prefix) != 0)
        abort();
    return 0;
}
