// SPDX-License-Identifier: MIT
// Errors for people: what was tried, on what, why it failed, and what to do. The library returns
// errors; only the main of a tool prints them.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace pinpipe {

// Exit statuses of every tool. 69, 74 and 77 are those of sysexits.h.
enum class Exit {
    ok = 0,
    failed = 1,
    usage = 2,
    not_loaded = 69,    // EX_UNAVAILABLE
    output = 74,        // EX_IOERR
    not_permitted = 77, // EX_NOPERM
};

struct Error {
    std::string text; // "cannot DO SUBJECT: reason", one line, lower case
    std::string hint; // a command that helps, or empty
    Exit exit = Exit::failed;
    int code = 0; // errno of a failed system call; else 0

    Error with_hint(std::string command) && {
        hint = std::move(command);
        return std::move(*this);
    }
};

template <class T> using Result = tl::expected<T, Error>;

// A failed system call. doing: "open /run/ebpf/abi". code: errno, saved before it can change.
// EACCES and EPERM make Exit::not_permitted.
Error system_error(const std::string &doing, int code);

// The text of an errno: strerror(3) in lower case, or a clearer text where that misleads.
std::string reason(int code);

Error usage_error(std::string text);
Error failure(std::string text);

inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

// Prints "tool: text" and "hint: command" to stderr; control bytes in them never reach the
// terminal. Returns the exit status.
int report(const char *tool, const Error &error);

// Prints "hint: command" to stderr in the same way.
void say_hint(const std::string &command);

// Sets the pin root of this run, if it is not the default: commands in hints then get --pin-root,
// so that they work on the same pins. Empty: commands in hints name none.
void name_pin_root_in_hints(const std::string &pin_root);

// The hint with " --pin-root DIR" behind its command, if the command is a tool of pinpipe that
// takes pins and does not name them already. Text after "   (" or ";" in a hint is an explanation.
std::string with_pin_root(const std::string &hint, const std::string &pin_root);

// s with \xHH for every byte that is not printable ASCII, so that a terminal cannot act on it.
std::string printable(const std::string &s);

} // namespace pinpipe
