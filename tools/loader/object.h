// BPF objects that share the pinned maps: what the socket probes and the rules do alike.
#pragma once

#include "tools/loader/layout.h"

#include <bpf/libbpf.h>
#include <memory>
#include <span>
#include <string>

namespace pinpipe::loader {

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

struct Elf {
    const char *name;
    const void *(*bytes)(size_t *);
    std::string_view view() const;
};

Result<Object> open_object(const Elf &elf);

// Sets a constant by its name; one that this object does not have is left out.
void set_constant(const Object &object, const char *name, const void *value, uint32_t size);

// The maps of every layout that are in the object, and those of own that are pinned below root
// already. The others of own are made when the object is loaded.
Result<void> reuse_maps(const Object &object, const Layout &layout, const std::string &root,
                        std::span<const MapSpec *const> own);

// Pins those of own that are not yet, for root alone: see Layout::protect().
Result<void> pin_maps(const Object &object, const std::string &root,
                      std::span<const MapSpec *const> own, Undo &undo);

// Pins a link for root alone, in one step in the place of an older one at path. Undone, a path that
// was not there is free again.
Result<void> pin_over(const Fd &link, const std::string &path, Undo &undo);

// The loaded program's own descriptor and id.
Result<uint32_t> program_id(int fd);
Fd keep_program(const bpf_program *program);

uint32_t map_id(const Fd &map);

} // namespace pinpipe::loader
