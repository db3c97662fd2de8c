// SPDX-License-Identifier: MIT
#include "tools/ctl/policy_words.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace pinpipe::ctl {
namespace {

constexpr std::string_view blanks = " \t\r";

int hex_digit(char c) {
    const std::string_view digits = "0123456789abcdef";
    const size_t at = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
    return at == digits.npos ? -1 : static_cast<int>(at);
}

// Removes an escape, which a backslash begins, from the front of rest.
std::optional<char> unescape(std::string_view &rest) {
    if (rest.size() > 1 && (rest[1] == '"' || rest[1] == '\\')) {
        const char c = rest[1];
        rest.remove_prefix(2);
        return c;
    }
    if (rest.size() < 4 || rest[1] != 'x' || hex_digit(rest[2]) < 0 || hex_digit(rest[3]) < 0)
        return {};
    const char c = static_cast<char>(hex_digit(rest[2]) << 4 | hex_digit(rest[3]));
    rest.remove_prefix(4);
    return c;
}

// Removes a word from the front of rest; parts of a word may be quoted.
Result<Word> take_word(std::string_view &rest) {
    Word word;
    bool inside = false;
    while (!rest.empty() && (inside || blanks.find(rest[0]) == blanks.npos)) {
        if (rest[0] == '"') {
            inside = !inside;
            word.quoted = true;
            rest.remove_prefix(1);
        } else if (inside && rest[0] == '\\') {
            const auto c = unescape(rest);
            if (!c)
                return fail(failure("wrong escape: there are \\\", \\\\ and \\xHH"));
            word.bytes += *c;
        } else {
            word.bytes += rest[0];
            rest.remove_prefix(1);
        }
    }
    if (inside)
        return fail(failure("a quote that does not end"));
    return word;
}

} // namespace

Result<std::vector<Word>> words_of(std::string_view line) {
    std::vector<Word> words;
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty() || line[0] == '#')
            return words;
        auto word = take_word(line);
        if (!word)
            return fail(word.error());
        words.push_back(std::move(*word));
    }
}

std::string quoted(const std::string &word) {
    const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\'; };
    if (!word.empty() && word != "all" && word[0] != '#' &&
        std::none_of(word.begin(), word.end(), odd))
        return word;
    std::string out = "\"";
    for (const char c : word) {
        char hex[5];
        std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(c));
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (c < ' ' || c > '~')
            out += hex;
        else
            out += c;
    }
    return out + "\"";
}

} // namespace pinpipe::ctl
