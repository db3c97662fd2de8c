// SPDX-License-Identifier: MIT
// Command lines: one table a tool, over getopt_long, which also makes the tool's --help.
// Every tool has --help (-h), --version (-V), --pin-root DIR and -v besides its own.
#pragma once

#include "lib/base/error.h"

#include <span>
#include <string>
#include <vector>

namespace pinpipe {

inline constexpr const char *default_pin_root = "/run/ebpf";

struct Option {
    int id;               // from own_options on; what Parsed::options names it by
    const char *name;     // long name, without dashes
    char letter;          // or 0
    const char *argument; // name of its argument in --help, or nullptr: it takes none
    const char *help;     // one line
};

inline constexpr int own_options = 256; // ids below are letters and the common options

struct Usage {
    const char *tool;
    const char *synopsis; // lines, each beginning with the tool's name
    const char *summary;  // one line
    std::span<const Option> options;
    const char *closing; // lines after the options, or ""
};

struct Parsed {
    struct Given {
        int id;
        std::string value;
    };
    std::vector<Given> options; // the tool's own, in the order given
    std::vector<std::string> operands;
    bool pin_root_given = false;
    std::string pin_root; // --pin-root, EBPF_PIN_ROOT, or the default
    bool verbose = false;
    bool help = false;
    bool version = false;

    const std::string *value(int id) const; // the last one given, or nullptr
    bool has(int id) const { return value(id) != nullptr; }
};

// Operands may stand between options. An error is a usage error with a hint at --help. Hints that
// are said later name the pin root where it is not the default one.
Result<Parsed> parse_options(int argc, char **argv, const Usage &usage);

// Text of --help, with a final newline.
std::string help_text(const Usage &usage);

// Prints what --help or --version ask for; true: that was all. Fails when stdout cannot take it.
Result<bool> answer_common(const Parsed &parsed, const Usage &usage);

// Number arguments: the whole of text, decimal, within the bounds. what: "--readers".
Result<unsigned long> parse_number(const std::string &what, const std::string &text,
                                   unsigned long least, unsigned long most);

// Seconds, fractions allowed, above 0 and at most a year; returned in nanoseconds.
Result<long long> parse_seconds(const std::string &what, const std::string &text);

} // namespace pinpipe
