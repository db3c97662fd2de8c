// SPDX-License-Identifier: MIT
// The kernel programs, maps and type descriptions that ebpf-load brings into the kernel: each
// stands here once, with the capability that it serves and what follows when the kernel refuses it.
//
// A component without a number (OPTIONAL_NEEDED) is needed: without it its capability cannot be
// loaded at all. Every other one only improves its capability: loading goes on without it, and
// abi_record.refused keeps the errno under the component's number.
//
// A link has no row of its own: a program that cannot be attached is refused like one that cannot
// be loaded.
#pragma once

#include "bpf/abi/control.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinpipe {

enum class Capability {
    packets, // ICMP and watched ports as interfaces receive them: --xdp
    sent,    // packets sent from watched ports: --xdp
    sockets, // --sockets
    rules,   // --cgroup
    readers, // what serves every reader
};

const char *capability_name(Capability capability);
const char *capability_option(Capability capability); // of ebpf-load: "--xdp"

enum class Kind { program, map, types };

struct Component {
    Kind kind;
    const char *object; // of a program: "relabel"; else empty, since objects share maps
    const char *name;   // in the source; of a map in a section of its own: ".data.wanted"
    const char *where;  // of a program: where it is attached, as its section says; else empty
    Capability capability;
    optional_component number; // OPTIONAL_NEEDED: its capability cannot do without
    const char *without;       // what follows for the user; empty for what is needed
    const char *user = "";     // of a map: the only program that uses it; empty: several do
    bool is_optional() const { return number != OPTIONAL_NEEDED; }
};

extern const std::span<const Component> components;

// The row of a program; NULL: there is none.
const Component *find_program(std::string_view object, std::string_view name);

// The row of a map, by its name in the source or, for a section, in the kernel
// ("cgroup.data.policy"); NULL: there is none.
const Component *find_map_component(std::string_view name);

// The row of an optional component; NULL: nothing has this number.
const Component *find_optional(unsigned number);

// An errno of the kernel's that was given to somebody with every capability that loading needs:
// EPERM is no lack of privilege then.
std::string refusal_reason(int code);

// "see_fork (tp_btf/sched_process_fork)"
std::string component_text(const Component &component);

// What is missing of a layout, a line each without its end: "not granted: see_fork
// (tp_btf/sched_process_fork): this kernel refuses it: rules of ...".
struct Refused {
    const Component *component;
    int code;
};
std::vector<Refused> refused_components(const abi_record &abi);
std::string refused_text(const Refused &refused);

} // namespace pinpipe
