// SPDX-License-Identifier: MIT
// The kinds of socket probes: where in the kernel they are attached.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace pinpipe::loader {

enum class ProbeKind { tracepoint, fentry, kprobe };

std::optional<ProbeKind> parse_probe_kind(const std::string &name);
const char *probe_kind_name(ProbeKind kind);

// HOOK_FENTRY, HOOK_KPROBE or neither, and back.
uint32_t flag_of(ProbeKind kind);
ProbeKind kind_of(uint32_t flags);

// The best kind that this kernel grants. Needs root. None: the reason and what helps.
Result<ProbeKind> best_probe_kind();

} // namespace pinpipe::loader
