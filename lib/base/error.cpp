#include "lib/base/error.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace pinpipe {

std::string reason(int code) {
    switch (code) {
    case EPERM:
    case EACCES: return "permission denied";
    case ENODEV:
    case ENXIO: return "no such device";
    case E2BIG: return "too large for this kernel";
    case EOPNOTSUPP: return "not supported here";
    default:
        std::string text = std::strerror(code);
        if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z' && text[0] >= 'A' && text[0] <= 'Z')
            text[0] += 'a' - 'A';
        return text;
    }
}

Error system_error(const std::string &doing, int code) {
    Error error;
    error.text = "cannot " + doing + ": " + reason(code);
    error.code = code;
    if (code == EPERM || code == EACCES)
        error.exit = Exit::not_permitted;
    return error;
}

Error usage_error(std::string text) {
    return {.text = std::move(text), .hint = {}, .exit = Exit::usage};
}

Error failure(std::string text) {
    return {.text = std::move(text), .hint = {}};
}

std::string printable(const std::string &s) {
    std::string out;
    for (unsigned char c : s) {
        if (c >= 0x20 && c < 0x7f) {
            out += static_cast<char>(c);
            continue;
        }
        char hex[5];
        std::snprintf(hex, sizeof hex, "\\x%02x", c);
        out += hex;
    }
    return out;
}

int report(const char *tool, const Error &error) {
    std::fprintf(stderr, "%s: %s\n", tool, printable(error.text).c_str());
    if (!error.hint.empty())
        std::fprintf(stderr, "hint: %s\n", printable(error.hint).c_str());
    return static_cast<int>(error.exit);
}

} // namespace pinpipe
