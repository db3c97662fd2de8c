// SPDX-License-Identifier: MIT
// What went wrong, as a person is told it: what was tried, on what, why, and what to do.
// The library returns these; only a tool's main prints them.
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
    int code = 0; // errno where a system call failed

    Error with_hint(std::string command) && {
        hint = std::move(command);
        return std::move(*this);
    }
};

template <class T> using Result = tl::expected<T, Error>;

// A failed system call: doing is "open /run/ebpf/abi". Take it before errno can change.
// EACCES and EPERM make Exit::not_permitted.
Error system_error(const std::string &doing, int code);

// What an errno means to a person: strerror in lower case, clearer where it misleads.
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

// Where the pins are that this run is about, when that is not the default place: commands in hints
// name it from now on, so that they mean the same pins. Empty: they name none.
void name_pin_root_in_hints(const std::string &pin_root);

// The hint with " --pin-root DIR" behind its command, when that is one of ours that takes pins and
// does not name them itself. What follows "   (" or ";" in a hint is an explanation.
std::string with_pin_root(const std::string &hint, const std::string &pin_root);

// s with every byte that a terminal could act upon, or that is no ASCII, as \xHH.
std::string printable(const std::string &s);

} // namespace pinpipe
