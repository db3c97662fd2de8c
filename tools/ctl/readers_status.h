// SPDX-License-Identifier: MIT
// The readers in the status: who has each slot, and what it wrote, read and lost.
#pragma once

#include "tools/ctl/status.h"

namespace pinpipe::ctl {

// slots: of the load, by its ABI record.
Result<std::vector<ReaderStatus>> gather_readers(const Pins &pins, unsigned slots);

} // namespace pinpipe::ctl
