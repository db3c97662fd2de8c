// SPDX-License-Identifier: MIT
// The kernel programs, maps and type descriptions that ebpf-load brings into the kernel. Each is
// listed here once, with the capability that it serves and the consequence of the kernel refusing
// it.
//
// A component with the number OPTIONAL_NEEDED is needed: its capability cannot be loaded without
// it. Every other component only improves its capability: loading continues without it, and
// abi_record.refused[number] keeps the errno.
//
// Links are not listed: a program that cannot be attached is refused like one that cannot be
// loaded.
#pragma once

#include "bpf/abi/control.h"
#include "lib/base/error.h"

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
    readers, // needed by every reader
};

const char *capability_name(Capability capability);
const char *capability_option(Capability capability); // of ebpf-load: "--xdp"

enum class ComponentKind { program, map, types };

struct Component {
    ComponentKind kind;
    const char *object; // object of a program: "relabel"; else empty, since objects share maps
    const char *name;   // in the source; for a variable's map its section: ".data.wanted"
    const char *where;  // a program's section, which says where it is attached; else empty
    Capability capability;
    optional_component number; // OPTIONAL_NEEDED: needed
    const char *without;       // consequence of a refusal for the user; empty if needed
    const char *user = "";     // the only program that uses a map; empty: several do
    bool is_optional() const { return number != OPTIONAL_NEEDED; }
};

extern const std::span<const Component> components;

// The component of a program; NULL: there is none.
const Component *find_program(std::string_view object, std::string_view name);

// The component of a map, by its name in the source or, for a section, in the kernel
// ("cgroup.data.policy"); NULL: there is none.
const Component *find_map_component(std::string_view name);

// The optional component with this number; NULL: there is none.
const Component *find_optional(unsigned number);

// The text for an errno that the kernel returned to a process with every capability that loading
// needs: EPERM does not mean a lack of privilege then.
std::string refusal_reason(int code);

// "see_fork (tp_btf/sched_process_fork)"
std::string component_text(const Component &component);

// Optional components that are missing from a load, a line each without a line end: "not granted:
// see_fork (tp_btf/sched_process_fork): this kernel refuses it: rules of ...".
struct Refused {
    const Component *component;
    int code;
};
std::vector<Refused> refused_components(const abi_record &abi);
std::string refused_text(const Refused &refused);

// Optional components without which a command of the admin group must fail. That group need not be
// able to read the abi record, so each of them that is refused has a directory below the pin root.
inline constexpr optional_component admin_components[] = {OPTIONAL_LIST_BOUND, OPTIONAL_RULED_FORK,
                                                          OPTIONAL_SEE_MKDIR};
std::string refused_path(optional_component number); // "admin/refused_see_fork"

// Fails if this component is refused: "cannot DOING: this kernel refuses see_fork (tp_btf/...)".
Result<void> require_granted(const std::string &pin_root, optional_component number,
                             const std::string &doing);

} // namespace pinpipe
