// SPDX-License-Identifier: MIT
// BPF objects on the pinned maps: load_object() is the only way to load one.
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

// The value of a read-only variable of an object. Ignored if the object has no such variable.
struct Constant {
    const char *name;
    uint64_t value;
    uint32_t size; // bytes of the variable: 1, 4 or 8
};

// What to load of an object, and with which constants and maps.
struct ObjectPlan {
    Elf elf;
    std::vector<Constant> constants = {};
    // Maps that are not in every layout. Pinned ones are used; the others are made and pinned for
    // root alone, until Layout::protect().
    std::span<const MapSpec *const> own = {};
    std::function<bool(const bpf_program *)> wants = {}; // empty: every program
};

// Loads the programs that the plan wants, on the layout's maps. An optional program
// (lib/pins/components.h) that the kernel refuses is left out, with the maps that only it uses, and
// reported through run.go_on_without(). An error names the program or map that was refused.
Result<Object> load_object(const ObjectPlan &plan, Run &run);

// The programs of a loaded object that were loaded, without those that were left out.
std::vector<bpf_program *> loaded_programs(const Object &object);

// The program's row in the table of components; every program has one.
const Component &component_of(const Elf &elf, const bpf_program *program);

// Pins a link for root alone and replaces an older pin at path in one step. undo removes the pin if
// path did not exist before; it does not bring an older pin back.
Result<void> pin_over(const Fd &link, const std::string &path, Undo &undo);

// keep_program: a file descriptor and id of a loaded program, to outlive its object.
Result<uint32_t> program_id(int fd);
Result<Program> keep_program(const bpf_program *program);

uint32_t map_id(const Fd &map);

} // namespace pinpipe::loader
