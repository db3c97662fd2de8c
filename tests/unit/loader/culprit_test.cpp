// SPDX-License-Identifier: MIT
#include "tools/loader/culprit.h"

#include "tools/loader/object.h"
#include "bpf/readers/pgid.skel.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

TEST(Culprit, IsNamedAtTheBeginningOfAComplaint) {
    const Culprit program = culprit_of("libbpf: prog 'see_fork': BPF program load failed: EPERM\n");
    EXPECT_EQ(program.kind, Culprit::Kind::program);
    EXPECT_EQ(program.name, "see_fork");
    const Culprit map = culprit_of("libbpf: map 'xdp.rodata': failed to create: Invalid argument");
    EXPECT_EQ(map.kind, Culprit::Kind::map);
    EXPECT_EQ(map.name, "xdp.rodata");
}

TEST(Culprit, OtherComplaintsNameNobody) {
    for (const char *text : {"libbpf: failed to load object 'xdp'", "libbpf: prog 'unended", "",
                             "libbpf: elf: prog 'x': skipped"})
        EXPECT_EQ(culprit_of(text).kind, Culprit::Kind::none) << text;
}

// A program that the verifier refuses (it has no exit): the installed libbpf reports it in the
// expected form.
TEST(Culprit, IsFoundInWhatThisLibrarySays) {
    if (geteuid() != 0)
        GTEST_SKIP() << "loading a program needs root";
    const auto object = open_object({"pgid", pgid::elf_bytes});
    ASSERT_TRUE(object);
    bpf_program *const program = bpf_object__next_program(object->get(), nullptr);
    bpf_insn *const code = const_cast<bpf_insn *>(bpf_program__insns(program));
    code[0].code = BPF_JMP | BPF_JA;
    code[0].off = 30000;
    Culprit culprit;
    libbpf_set_print(nullptr);
    EXPECT_LT(load_or_blame(object->get(), culprit), 0);
    EXPECT_EQ(culprit.kind, Culprit::Kind::program);
    EXPECT_EQ(culprit.name, "tell_pgid");
}

} // namespace
} // namespace pinpipe::loader
