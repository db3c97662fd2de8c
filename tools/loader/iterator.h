// SPDX-License-Identifier: MIT
// Programs that run when somebody reads: iterators of the kernel's.
#pragma once

#include "lib/pins/components.h"
#include "tools/loader/layout.h"

#include <bpf/libbpf.h>

namespace pinpipe::loader {

bool is_iterator(const bpf_program *program);

// A link to read it by; the kernel has made an iterator of it once. map: whose elements it goes
// over; null: it is of no map.
Result<Fd> attach_iterator(const Fd &program, const Fd *map, const Component &component);

// Reads it to its end, for what it does. doing: for the error, "list the sockets".
Result<void> run_iterator(const Fd &link, const char *doing);

} // namespace pinpipe::loader
