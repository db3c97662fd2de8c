// SPDX-License-Identifier: MIT
// The table of components agrees with the loaded objects and with README.md.
#include "lib/pins/components.h"

#include "lib/pins/pins.h"

#include "tools/loader/object.h"
#include "bpf/readers/pgid.skel.h"
#include "bpf/rules/cgroup.skel.h"
#include "bpf/rules/relabel.skel.h"
#include "bpf/sockets/connections.skel.h"
#include "bpf/sockets/fentry.skel.h"
#include "bpf/sockets/kprobe.skel.h"
#include "bpf/sockets/open_sockets.skel.h"
#include "bpf/sockets/processes.skel.h"
#include "bpf/sockets/tracepoint.skel.h"
#include "bpf/tc/egress.skel.h"
#include "bpf/xdp/xdp.skel.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

namespace pinpipe::loader {
namespace {

constexpr Elf elves[] = {{"xdp", xdp::elf_bytes},
                         {"egress", egress::elf_bytes},
                         {"pgid", pgid::elf_bytes},
                         {"tracepoint", tracepoint::elf_bytes},
                         {"fentry", fentry::elf_bytes},
                         {"kprobe", kprobe::elf_bytes},
                         {"connections", connections::elf_bytes},
                         {"processes", processes::elf_bytes},
                         {"open_sockets", open_sockets::elf_bytes},
                         {"cgroup", cgroup::elf_bytes},
                         {"relabel", relabel::elf_bytes}};

// Maps that the loader makes itself, without an object.
constexpr const char *made_alone[] = {"abi",   "control", "ring",   "cgroups",
                                      "texts", "watches", "remotes"};

std::set<const Component *> rows_of(ComponentKind kind) {
    std::set<const Component *> rows;
    for (const Component &component : components)
        if (component.kind == kind)
            rows.insert(&component);
    return rows;
}

std::string row_name(const Component *row) {
    return std::string(row->object) + " " + row->name;
}

TEST(Components, EveryProgramHasItsRowAndEveryRowItsProgram) {
    auto rows = rows_of(ComponentKind::program);
    for (const Elf &elf : elves) {
        const auto object = open_object(elf);
        ASSERT_TRUE(object) << elf.name;
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, object->get()) {
            const Component *row = find_program(elf.name, bpf_program__name(program));
            ASSERT_NE(row, nullptr) << elf.name << " " << bpf_program__name(program);
            EXPECT_STREQ(row->where, bpf_program__section_name(program)) << row->name;
            rows.erase(row);
        }
    }
    for (const Component *row : rows)
        ADD_FAILURE() << row_name(row) << " is in no object";
}

TEST(Components, EveryMapHasItsRowAndEveryRowItsMap) {
    auto rows = rows_of(ComponentKind::map);
    for (const Elf &elf : elves) {
        const auto object = open_object(elf);
        ASSERT_TRUE(object) << elf.name;
        bpf_map *map = nullptr;
        bpf_object__for_each_map(map, object->get()) {
            const Component *row = find_map_component(bpf_map__name(map));
            EXPECT_NE(row, nullptr) << elf.name << " " << bpf_map__name(map);
            rows.erase(row);
        }
    }
    for (const char *name : made_alone)
        rows.erase(find_map_component(name));
    for (const Component *row : rows)
        ADD_FAILURE() << row_name(row) << " is in no object";
}

// If a map has only one user, that program is in an object with the map, and is optional: else the
// map's row would say nothing.
TEST(Components, AMapOfOneProgramIsNotNeededByOthers) {
    for (const Component *row : rows_of(ComponentKind::map)) {
        if (!*row->user)
            continue;
        bool found = false;
        for (const Component *program : rows_of(ComponentKind::program))
            found =
                found || (std::string_view(program->name) == row->user && program->is_optional());
        EXPECT_TRUE(found) << row_name(row);
    }
}

TEST(Components, WhatIsOptionalSaysWhatFollowsAndHasANumberOfItsOwn) {
    std::set<unsigned> numbers;
    for (const Component &component : components) {
        EXPECT_EQ(component.is_optional(), *component.without != '\0') << row_name(&component);
        if (!component.is_optional())
            continue;
        EXPECT_TRUE(numbers.insert(component.number).second) << row_name(&component);
        EXPECT_LT(component.number, OPTIONALS);
        EXPECT_EQ(find_optional(component.number), &component);
    }
}

TEST(Components, NoRowStandsTwice) {
    std::set<std::string> names;
    for (const Component &component : components)
        EXPECT_TRUE(names.insert(row_name(&component)).second) << row_name(&component);
}

TEST(Components, WhatWasRefusedIsReadFromTheAbiRecord) {
    abi_record abi{};
    EXPECT_TRUE(refused_components(abi).empty());
    abi.refused[OPTIONAL_RULED_FORK] = EPERM;
    abi.refused[OPTIONALS - 1] = EPERM; // a component of a later build
    const auto refused = refused_components(abi);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused_text(refused[0]),
              "not granted: see_fork (tp_btf/sched_process_fork): this kernel refuses it: rules of "
              "allow --children do not reach descendants");
}

// --- the table in README.md ---

constexpr const char *begin_mark = "<!-- granted -->\n", *end_mark = "<!-- /granted -->\n";

std::string readme_table() {
    std::string table = "| refused | of | what follows |\n|---|---|---|\n";
    for (const Component &component : components)
        if (component.is_optional())
            table += std::string("| `") + component.name + "`, " + component.where + " | " +
                     capability_option(component.capability) + " | " + component.without + " |\n";
    return table +
           "| any other program or map | its option | that option fails, and leaves nothing |\n";
}

// PINPIPE_UPDATE=1 writes the table anew.
TEST(Components, TheReadmeHasTheTable) {
    std::ifstream file("README.md");
    if (!file)
        GTEST_SKIP() << "no README.md here: run it from the root of the source";
    std::stringstream all;
    all << file.rdbuf();
    std::string text = all.str();
    const size_t mark = text.find(begin_mark), end = text.find(end_mark);
    ASSERT_TRUE(mark != text.npos && end != text.npos && mark < end);
    const size_t begin = mark + std::string(begin_mark).size();
    if (getenv("PINPIPE_UPDATE")) {
        text.replace(begin, end - begin, readme_table());
        std::ofstream("README.md") << text;
        return;
    }
    EXPECT_EQ(text.substr(begin, end - begin), readme_table()) << "PINPIPE_UPDATE=1 writes it";
}

} // namespace
} // namespace pinpipe::loader
