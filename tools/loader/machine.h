// SPDX-License-Identifier: MIT
// What ebpf-load --check says of the machine: kernel, mounts, rights, settings.
#pragma once

#include "tools/loader/finding.h"

namespace pinpipe::loader {

Findings machine_findings(const std::string &pin_root);

} // namespace pinpipe::loader
