// SPDX-License-Identifier: MIT
// BPF iterators: programs that run when user space reads a file descriptor.
#pragma once

#include "lib/pins/components.h"
#include "tools/loader/layout.h"

#include <bpf/libbpf.h>

namespace pinpipe::loader {

bool is_iterator(const bpf_program *program);

// A link of the iterator program, tried once: the kernel has made an iterator of it. map: the map
// whose elements it visits, or null if it visits something else.
Result<Fd> attach_iterator(const Fd &program, const Fd *map, const Component &component);

// Reads the iterator to its end for its effects; the output is dropped. doing: the task, for the
// error text: "list the sockets".
Result<void> run_iterator(const Fd &link, const char *doing);

} // namespace pinpipe::loader
