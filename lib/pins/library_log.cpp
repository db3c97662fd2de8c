// SPDX-License-Identifier: MIT
#include "lib/pins/library_log.h"

#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>

namespace pinpipe {
namespace {

int print(libbpf_print_level level, const char *format, va_list arguments) {
    return level == LIBBPF_DEBUG ? 0 : std::vfprintf(stderr, format, arguments);
}

} // namespace

void set_library_log(bool verbose) {
    libbpf_set_print(verbose ? print : nullptr);
}

} // namespace pinpipe
