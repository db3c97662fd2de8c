// SPDX-License-Identifier: MIT
#include "lib/base/error.h"

#include <algorithm>
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
    for (const char c : s) {
        if (c >= 0x20 && c < 0x7f) {
            out += c;
            continue;
        }
        char hex[5];
        std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(c));
        out += hex;
    }
    return out;
}

namespace {

std::string &hinted_pin_root() {
    static std::string root;
    return root;
}

// Where the first command of a hint ends.
size_t command_end(const std::string &hint) {
    return std::min({hint.find("   ("), hint.find(';'), hint.find(" | "), hint.size()});
}

bool takes_pins(const std::string &command) {
    for (const char *tool : {"ebpf-load", "ebpf-read", "ebpf-ctl"})
        if (const size_t at = command.find(tool);
            at == 0 || (at != command.npos && command.compare(0, at, "sudo ") == 0))
            return command.find("--help") == command.npos;
    return false;
}

} // namespace

std::string with_pin_root(const std::string &hint, const std::string &pin_root) {
    const size_t end = command_end(hint);
    const std::string command = hint.substr(0, end);
    if (pin_root.empty() || !takes_pins(command) || command.find("--pin-root") != command.npos)
        return hint;
    return command + " --pin-root " + pin_root + hint.substr(end);
}

void name_pin_root_in_hints(const std::string &pin_root) {
    hinted_pin_root() = pin_root;
}

void say_hint(const std::string &command) {
    std::fprintf(stderr, "hint: %s\n",
                 printable(with_pin_root(command, hinted_pin_root())).c_str());
}

int report(const char *tool, const Error &error) {
    std::fprintf(stderr, "%s: %s\n", tool, printable(error.text).c_str());
    if (!error.hint.empty())
        say_hint(error.hint);
    return static_cast<int>(error.exit);
}

} // namespace pinpipe
