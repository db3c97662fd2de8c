// SPDX-License-Identifier: MIT
#include "lib/event/json_scratch.h"

#include <cstring>

namespace pinpipe {
namespace {

bool is_ascii(std::string_view text) {
    uint64_t all = 0, eight = 0;
    size_t at = 0;
    for (; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        all |= eight;
    }
    for (; at < text.size(); at++)
        all |= static_cast<unsigned char>(text[at]);
    return !(all & 0x8080808080808080);
}

// RapidJSON reads all bytes of a character, even where the text ends within it.
constexpr size_t longest_character = 4;

} // namespace

const char *JsonScratch::put(std::string_view text) {
    bytes_.assign(text.begin(), text.end());
    bytes_.insert(bytes_.end(), longest_character, 0);
    ascii_ = is_ascii(text);
    whole_ = text.empty() || !std::memchr(text.data(), 0, text.size());
    return bytes_.data();
}

} // namespace pinpipe
