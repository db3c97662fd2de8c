// SPDX-License-Identifier: MIT
#include "lib/base/options.h"

#include "lib/base/version.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>

namespace pinpipe {
namespace {

enum : int { id_help = 1, id_version, id_pin_root, id_verbose };

constexpr Option common[] = {
    {id_pin_root, "pin-root", 0, "DIR",
     "where the pins are (default: $EBPF_PIN_ROOT or /run/ebpf)"},
    {id_verbose, "verbose", 'v', nullptr,
     "say more on stderr; on failure also what the kernel says"},
    {id_help, "help", 'h', nullptr, "print this help and exit"},
    {id_version, "version", 'V', nullptr, "print the version and exit"},
};

std::vector<Option> all_options(const Usage &usage) {
    std::vector<Option> all(usage.options.begin(), usage.options.end());
    all.insert(all.end(), std::begin(common), std::end(common));
    return all;
}

Error misused(const Usage &usage, std::string text) {
    return usage_error(std::move(text)).with_hint(std::string(usage.tool) + " --help");
}

// What getopt_long stumbled over: optopt is a letter, a long option's id, or 0 for an unknown long
// one.
std::string offender(char **argv, const std::vector<Option> &all) {
    if (optopt == 0) {
        const std::string word = argv[optind > 0 ? optind - 1 : 0];
        return word.substr(0, word.find('='));
    }
    for (const Option &o : all)
        if (optopt == o.id)
            return std::string("--") + o.name;
    return std::string("-") + static_cast<char>(optopt);
}

void take(Parsed &parsed, int id, const char *value) {
    switch (id) {
    case id_help: parsed.help = true; break;
    case id_version: parsed.version = true; break;
    case id_verbose: parsed.verbose = true; break;
    case id_pin_root:
        parsed.pin_root = value;
        parsed.pin_root_given = true;
        break;
    default: parsed.options.push_back({id, value ? value : ""});
    }
}

} // namespace

const std::string *Parsed::value(int id) const {
    const std::string *last = nullptr;
    for (const Given &given : options)
        if (given.id == id)
            last = &given.value;
    return last;
}

Result<Parsed> parse_options(int argc, char **argv, const Usage &usage) {
    const std::vector<Option> all = all_options(usage);
    std::vector<option> longs;
    std::string letters = ":";
    for (const Option &o : all) {
        longs.push_back({o.name, o.argument ? required_argument : no_argument, nullptr, o.id});
        if (o.letter)
            letters += std::string(1, o.letter) + (o.argument ? ":" : "");
    }
    longs.push_back({});

    Parsed parsed;
    optind = 0; // glibc: start afresh
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, letters.c_str(), longs.data(), nullptr)) != -1;) {
        if (c == ':')
            return fail(misused(usage, offender(argv, all) + " needs an argument"));
        if (c == '?')
            return fail(misused(usage, "wrong option " + offender(argv, all)));
        for (const Option &o : all)
            if (c == o.id || (o.letter && c == o.letter)) {
                take(parsed, o.id, optarg);
                break;
            }
    }
    parsed.operands.assign(argv + optind, argv + argc);
    if (!parsed.pin_root_given) {
        const char *root = std::getenv("EBPF_PIN_ROOT");
        parsed.pin_root = root && *root ? root : default_pin_root;
    }
    if (parsed.pin_root.empty() || parsed.pin_root[0] != '/')
        return fail(misused(usage, "--pin-root needs an absolute path: " + parsed.pin_root));
    while (parsed.pin_root.size() > 1 && parsed.pin_root.back() == '/')
        parsed.pin_root.pop_back();
    name_pin_root_in_hints(parsed.pin_root == default_pin_root ? "" : parsed.pin_root);
    return parsed;
}

std::string help_text(const Usage &usage) {
    std::string text = std::string("usage: ") + usage.synopsis + "\n\n" + usage.summary + "\n\n";
    for (const Option &o : all_options(usage)) {
        std::string left = o.letter ? std::string("  -") + o.letter + ", --" : "      --";
        left += o.name;
        if (o.argument)
            left += std::string(" ") + o.argument;
        left.resize(std::max<size_t>(left.size() + 2, 30), ' ');
        text += left + o.help + "\n";
    }
    if (*usage.closing)
        text += std::string("\n") + usage.closing + "\n";
    return text;
}

Result<bool> answer_common(const Parsed &parsed, const Usage &usage) {
    if (!parsed.help && !parsed.version)
        return false;
    const std::string text =
        parsed.help ? help_text(usage) : std::string(usage.tool) + " (pinpipe) " + version + "\n";
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
        Error error = system_error("write to standard output", errno);
        error.exit = Exit::output;
        return fail(std::move(error));
    }
    return true;
}

Result<unsigned long> parse_number(const std::string &what, const std::string &text,
                                   unsigned long least, unsigned long most) {
    unsigned long number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc() || end != text.data() + text.size() || number < least || number > most)
        return fail(usage_error(what + " takes a whole number from " + std::to_string(least) +
                                " to " + std::to_string(most) + ", not '" + text + "'"));
    return number;
}

Result<long long> parse_seconds(const std::string &what, const std::string &text) {
    constexpr double year = 366.0 * 86400;
    double seconds = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (bad != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) ||
        seconds < 1e-3 || seconds > year)
        return fail(usage_error(what + " takes seconds, from 0.001 to a year, not '" + text + "'"));
    return static_cast<long long>(seconds * 1e9);
}

} // namespace pinpipe
