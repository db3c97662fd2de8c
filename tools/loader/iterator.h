// Programs that run when somebody reads: iterators of the kernel's.
#pragma once

#include "tools/loader/layout.h"

#include <bpf/libbpf.h>

namespace pinpipe::loader {

bool is_iterator(const bpf_program *program);

// A link to read it by. map: whose elements it goes over; null: it is of no map. doing: for the
// error, "list the sockets".
Result<Fd> attach_iterator(const Fd &program, const Fd *map, const char *doing);

// Reads it to its end, for what it does.
Result<void> run_iterator(const Fd &link, const char *doing);

// Pins what tells readers their own session, in the place of an older one.
Result<void> provide_session(const Pins &pins, const Layout &layout, Undo &undo);

} // namespace pinpipe::loader
