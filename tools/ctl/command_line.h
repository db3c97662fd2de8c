// SPDX-License-Identifier: MIT
// The command line of ebpf-ctl: the table of subcommands, and running one.
#pragma once

#include "lib/base/options.h"

namespace pinpipe::ctl {

extern const Usage usage;

Result<void> run(int argc, char **argv);

} // namespace pinpipe::ctl
