// SPDX-License-Identifier: MIT
// The kinds of socket probes: how they are attached to the kernel.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace pinpipe::loader {

enum class ProbeKind { tracepoint, fentry, kprobe };

std::optional<ProbeKind> parse_probe_kind(const std::string &name);
const char *probe_kind_name(ProbeKind kind);

// The kind as a flag of a hook record (HOOK_FENTRY, HOOK_KPROBE, or 0: tracepoint), and back.
uint32_t flag_of(ProbeKind kind);
ProbeKind kind_of(uint32_t flags);

// The best kind that this kernel grants. Needs root. An error if it grants none.
Result<ProbeKind> best_probe_kind();

} // namespace pinpipe::loader
