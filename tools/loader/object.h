// SPDX-License-Identifier: MIT
// BPF objects that share the pinned maps: opening them, and the only way to load one.
#pragma once

#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <bpf/libbpf.h>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pinpipe::loader {

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

struct Elf {
    const char *name;
    const void *(*bytes)(size_t *);
    std::string_view view() const;
};

Result<Object> open_object(const Elf &elf);

// A read-only variable of an object. One that the object does not have is left out.
struct Constant {
    const char *name;
    uint64_t value;
    uint32_t size; // bytes of the variable: 1, 4 or 8
};

// What to load of an object, and how.
struct ObjectPlan {
    Elf elf;
    std::vector<Constant> constants = {};
    // Maps that come with objects of this kind: those that are pinned are used, the others are made
    // and pinned for root alone (see Layout::protect()).
    std::span<const MapSpec *const> own = {};
    std::function<bool(const bpf_program *)> wants = {}; // empty: every program
};

// Loads the programs that the plan wants, on the layout's maps. A program that the kernel refuses
// and that is optional (lib/pins/components.h) is left out, with the maps that serve it alone, and
// reported through run.go_on_without(). The error names the program or map that is needed.
Result<Object> load_object(const ObjectPlan &plan, Run &run);

// The programs of a loaded object that are in the kernel.
std::vector<bpf_program *> loaded_programs(const Object &object);

// The row of this program in the table of components: every program has one.
const Component &component_of(const Elf &elf, const bpf_program *program);

// Pins a link for root alone, in one step in the place of an older one at path. Undone, a path that
// was not there is free again.
Result<void> pin_over(const Fd &link, const std::string &path, Undo &undo);

// The loaded program's own descriptor and id.
Result<uint32_t> program_id(int fd);
Result<Program> keep_program(const bpf_program *program);

uint32_t map_id(const Fd &map);

} // namespace pinpipe::loader
