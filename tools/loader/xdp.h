// XDP: loading the program for one hook, attaching it, what else is attached to an interface.
#pragma once

#include "lib/pins/links.h"
#include "tools/loader/interface.h"
#include "tools/loader/layout.h"
#include "tools/loader/program.h"

namespace pinpipe::loader {

enum class Mode { any, native, generic };

// What makes a hook's program what it is: equal means that nothing need be loaded. number: the
// hook's.
uint64_t xdp_build(const Layout &layout, unsigned number, uint32_t flags);

// Loads the program with this hook's constants and the layout's maps. flags: HOOK_*.
Result<Program> load_xdp(const Layout &layout, unsigned number, uint32_t flags);

// HOOK_FRAGS where this kernel knows packets in several buffers, else 0.
uint32_t frags_flag();

// A new link; native is tried first where the mode is left open. In the namespace of the interface.
// flags: HOOK_GENERIC is set if it came to that.
Result<Fd> attach_xdp(const Program &program, const Interface &interface, Mode mode,
                      uint32_t &flags);

// A program on the interface that is none of ours.
struct Foreign {
    uint32_t id = 0;
    uint32_t flags = 0; // XDP_FLAGS_* of its mode
    std::string name;
};

// own: ids of our programs. In the namespace of the interface.
Result<std::optional<Foreign>> find_foreign(const Interface &interface,
                                            const std::vector<uint32_t> &own);

// Detaches it; undo puts it back (by netlink, also if it came by a link: a link cannot be attached
// again).
Result<void> detach_foreign(const Netns &netns, const Interface &interface, const Foreign &foreign,
                            Undo &undo);

} // namespace pinpipe::loader
