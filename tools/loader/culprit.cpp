// SPDX-License-Identifier: MIT
#include "tools/loader/culprit.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace pinpipe::loader {
namespace {

// State of note_culprit(): libbpf takes a plain function, without a context.
libbpf_print_fn_t next_print = nullptr;
Culprit last_culprit;

int note_culprit(libbpf_print_level level, const char *format, va_list arguments) {
    if (level == LIBBPF_WARN) {
        std::array<char, 512> text{};
        va_list again;
        va_copy(again, arguments);
        std::vsnprintf(text.data(), text.size(), format, again);
        va_end(again);
        if (Culprit culprit = culprit_of(text.data()); culprit.kind != Culprit::Kind::none)
            last_culprit = std::move(culprit);
    }
    return next_print ? next_print(level, format, arguments) : 0;
}

} // namespace

Culprit culprit_of(const std::string &complaint) {
    using Kind = Culprit::Kind;
    for (const auto &[start, kind] :
         {std::pair{"libbpf: prog '", Kind::program}, std::pair{"libbpf: map '", Kind::map}}) {
        const std::string begins = start;
        if (complaint.rfind(begins, 0) != 0)
            continue;
        const size_t end = complaint.find('\'', begins.size());
        if (end != complaint.npos)
            return {kind, complaint.substr(begins.size(), end - begins.size())};
    }
    return {};
}

int load_or_blame(bpf_object *object, Culprit &culprit) {
    last_culprit = {};
    next_print = libbpf_set_print(note_culprit);
    const int code = bpf_object__load(object);
    libbpf_set_print(next_print);
    culprit = last_culprit;
    return code;
}

} // namespace pinpipe::loader
