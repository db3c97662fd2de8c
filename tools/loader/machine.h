// SPDX-License-Identifier: MIT
// The findings of ebpf-load --check about the machine: kernel, mounts, privileges, settings.
#pragma once

#include "tools/loader/finding.h"

namespace pinpipe::loader {

Findings machine_findings(const std::string &pin_root);

} // namespace pinpipe::loader
