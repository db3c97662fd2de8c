// SPDX-License-Identifier: MIT
// Changes of some rules in the kernel's maps: what holds, and what stays behind.
#include "tools/ctl/rule_edit.h"

#include "tests/unit/support/rule_edits.h"

#include <cstring>

namespace pinpipe::ctl {
namespace {

TEST_F(RulesEdit, ASubjectIsWhatTheKernelLooksFor) {
    ASSERT_TRUE(edit({to("app", {"8080", "53/udp"})}));
    subject_key key{};
    key.kind = SUBJECT_NAME;
    std::memcpy(key.id, "app", 3);
    const Fd subjects(bpf_obj_get(below("maps/subjects").c_str()));
    subject_record record{};
    ASSERT_EQ(bpf_map_lookup_elem(subjects.get(), &key, &record), 0);
    EXPECT_NE(record.set, 0u);
    EXPECT_EQ(record.flags, 0u);
    page_key page{};
    page.set = record.set;
    page.page = 8080 / PAGE_PORTS;
    page.proto = RULE_TCP;
    page_record bits{};
    const Fd ports(bpf_obj_get(below("maps/ports").c_str()));
    ASSERT_EQ(bpf_map_lookup_elem(ports.get(), &page, &bits), 0);
    EXPECT_EQ(bits.ports[8080 % PAGE_PORTS / 64], uint64_t{1} << 8080 % 64);
    EXPECT_EQ(reader().texts()->at(record.number), "app");
    EXPECT_EQ(generation(), 1u);
}

// A change writes a new port set; programs may use the old one until the next change.
TEST_F(RulesEdit, TheOldSetStaysUntilTheNextChange) {
    ASSERT_TRUE(edit({to("app", {"80"})}));
    const subject_record first = subject("app");
    ASSERT_TRUE(edit({to("app", {"80", "81"})}));
    const subject_record second = subject("app");
    EXPECT_NE(second.set, first.set);
    EXPECT_EQ(second.number, first.number);
    EXPECT_EQ(policy().old, first.set);
    EXPECT_EQ(sets(), (std::set{first.set, second.set}));
    EXPECT_EQ(generation(), 2u);
    ASSERT_TRUE(edit({to("app", {"81"})}));
    EXPECT_EQ(sets(), (std::set{second.set, subject("app").set}));
    EXPECT_EQ(ports("app"), "81/tcp ");
}

TEST_F(RulesEdit, NothingOfARemovedOneStays) {
    ASSERT_TRUE(edit({to("app", {"80"}), to("other", {"80"})}));
    const uint32_t number = subject("app").number;
    put(hits_map, hit_key{number, 80, RULE_TCP, 0, 0}, hit_record{7});
    put(hits_map, hit_key{subject("other").number, 80, RULE_TCP, 0, 0}, hit_record{9});
    ASSERT_TRUE(edit({gone("app")}));
    EXPECT_EQ(subjects(), 1u);
    EXPECT_EQ(texts(), 1u);
    ASSERT_EQ(reader().hits()->size(), 1u);
    EXPECT_EQ(reader().hits()->front().second.count, 9u);
    EXPECT_EQ(generation(), 2u);
    ASSERT_TRUE(edit({to("other", {"81"})}));
    EXPECT_EQ(reader().hits()->size(), 0u) << "80 is no rule any more";
}

TEST_F(RulesEdit, ANewOneBeginsWithoutDenials) {
    ASSERT_TRUE(edit({to("app", {"80"})}));
    const uint32_t number = subject("app").number;
    for (uint32_t other = 0; other < MAX_SUBJECTS; other++)
        if (other != number)
            put(denials_map, other, denial_record{5, 5, 5});
    ASSERT_TRUE(edit({to("new", {"80"})}));
    EXPECT_NE(subject("new").number, number);
    EXPECT_EQ(reader().denials(subject("new").number)->denied, 0u);
}

TEST_F(RulesEdit, TellsWhichKindsThereAre) {
    const std::string pid = "pid:" + std::to_string(getpid());
    ASSERT_TRUE(edit({to("app", {"80"})}));
    constexpr uint64_t name = POLICY_HAS_NAME;
    EXPECT_EQ(bits(), name);
    ASSERT_TRUE(edit({to("/proc/self/exe", {"80"})}));
    EXPECT_EQ(bits(), name | POLICY_HAS_EXE);
    ASSERT_TRUE(edit({to(pid, {"80"})}));
    EXPECT_EQ(bits(), name | POLICY_HAS_EXE | POLICY_HAS_PID);
    Change limited = to("app", {"80"});
    limited.cgroup = "/pp-none";
    ASSERT_TRUE(edit({limited}));
    EXPECT_EQ(bits(), name | POLICY_HAS_EXE | POLICY_HAS_PID | POLICY_HAS_CGROUP);
    ASSERT_TRUE(edit({gone("/proc/self/exe")}));
    EXPECT_EQ(bits(), name | POLICY_HAS_PID | POLICY_HAS_CGROUP);
    ASSERT_TRUE(apply("allow 80 /proc/self/exe\naudit all"));
    EXPECT_EQ(bits(), uint64_t{POLICY_BANK | POLICY_AUDIT | POLICY_HAS_EXE});
    ASSERT_TRUE(edit({to("app", {"80"})}));
    EXPECT_EQ(bits(), name | POLICY_BANK | POLICY_AUDIT | POLICY_HAS_EXE);
    auto maps = writer();
    ASSERT_TRUE(set_audit(maps, false));
    EXPECT_EQ(bits(), name | POLICY_BANK | POLICY_HAS_EXE);
}

// The bit is cleared with the last subject that has the flag; only the holding bank counts.
TEST_F(RulesEdit, TellsWhetherRulesStickToChildren) {
    constexpr uint64_t name = POLICY_HAS_NAME;
    ASSERT_TRUE(edit({to("app", {"80"}, SUBJECT_CHILDREN), to("other", {"80"})}));
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN});
    EXPECT_EQ(bits(), name | POLICY_HAS_CHILDREN);
    ASSERT_TRUE(edit({to("other", {"81"}, SUBJECT_CHILDREN | SUBJECT_AUDIT)}));
    EXPECT_EQ(subject("other").flags, __u32{SUBJECT_CHILDREN | SUBJECT_AUDIT}) << "beside audit";
    ASSERT_TRUE(edit({gone("app")}));
    EXPECT_EQ(bits(), name | POLICY_HAS_CHILDREN);
    {
        auto maps = writer();
        ASSERT_TRUE(set_audit(maps, true));
    }
    EXPECT_EQ(bits(), name | POLICY_AUDIT | POLICY_HAS_CHILDREN);
    ASSERT_TRUE(edit({to("other", {"81"})}));
    EXPECT_EQ(subject("other").flags, 0u);
    EXPECT_EQ(bits(), name | POLICY_AUDIT);
    ASSERT_TRUE(apply("allow 80 app\nchildren app\nallow 80 other\naudit other"));
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN});
    EXPECT_EQ(subject("other").flags, __u32{SUBJECT_AUDIT});
    EXPECT_EQ(bits(), name | POLICY_BANK | POLICY_HAS_CHILDREN);
    ASSERT_TRUE(apply("allow 80 app"));
    EXPECT_EQ(subject("app").flags, 0u);
    EXPECT_EQ(bits(), name);
}

TEST_F(RulesEdit, OneMoreThanFits) {
    ASSERT_TRUE(apply(everything(subjects_that_fit)));
    ASSERT_EQ(pages(), size_t{MAX_PAGES});
    const auto refused = edit({to("more", {"80"})});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, below("admin/ports") + " is full");
    EXPECT_EQ(subjects(), size_t{subjects_that_fit});
    EXPECT_EQ(texts(), size_t{subjects_that_fit});
    EXPECT_EQ(subject("more").set, 0u);
    const auto altered = edit({to("s7", {"80"})});
    ASSERT_FALSE(altered) << "a change needs room beside the old set";
    EXPECT_EQ(ports("s7"), "1-65535/tcp 1-65535/udp ");
}

// What a subject's bit says has to hold at any time: it is set before the subject is there. A sieve
// that is new, after a load that made the map again, has nothing before it is complete.
TEST_F(RulesEdit, TheSieveLetsSubjectsThrough) {
    const auto sieve = [&] {
        sieve_record record{};
        const RuleMaps maps = reader();
        EXPECT_TRUE(read_element(maps.map(sieve_map), 0, record, "sieve"));
        return record;
    };
    const auto has = [&](const char *process) {
        const subject_key key = find_process(process)->key;
        const uint32_t bit = sieve_bit(key.kind, key.id);
        return (sieve().bits[bit / 64] >> bit % 64 & 1) != 0;
    };
    EXPECT_EQ(sieve().complete, 0u);
    ASSERT_TRUE(edit({to("app", {"80"}), to("/proc/self/exe", {"80"})}));
    EXPECT_EQ(sieve().complete, 1u);
    EXPECT_TRUE(has("app") && has("/proc/self/exe"));
    EXPECT_FALSE(has("other"));
    put(sieve_map, __u32{0}, sieve_record{});
    ASSERT_TRUE(edit({to("other", {"80"})}));
    EXPECT_EQ(sieve().complete, 1u);
    EXPECT_TRUE(has("app") && has("/proc/self/exe") && has("other"));
    ASSERT_TRUE(apply("allow 80 other\n"));
    EXPECT_TRUE(!has("app") && has("other")) << "those that are gone leave it";
}

// Pages without a subject are no reason to refuse a change.
TEST_F(RulesEdit, AFullMapIsSweptFirst) {
    ASSERT_TRUE(edit({to("app", {"80"})}));
    Elements<page_key, page_record> rubbish;
    for (uint32_t number = 0; number + rule_sides < MAX_PAGES; number++)
        rubbish.emplace_back(
            PortSet::key_of(1000 + number / PortSet::all_pages, number % PortSet::all_pages),
            page_record{{1}, {}});
    {
        const auto maps = writer();
        ASSERT_TRUE(write_all(maps.map(ports_map), rubbish, "ports"));
    }
    ASSERT_TRUE(edit({to("new", {"81"})}));
    EXPECT_EQ(exported(), "allow 80/tcp app\nallow 81/tcp new\n");
    EXPECT_EQ(pages(), 2u * rule_sides);
}

TEST_F(RulesEdit, AsManySubjectsAsThereAreNumbers) {
    std::string file, another;
    for (unsigned number = 0; number < MAX_SUBJECTS; number++) {
        file += "allow 80 a" + std::to_string(number) + "\n";
        another += "allow 80 b" + std::to_string(number) + "\n";
    }
    ASSERT_TRUE(apply(file));
    EXPECT_EQ(texts(), size_t{MAX_SUBJECTS});
    const auto refused = edit({to("more", {"80"})});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text.rfind("there are 16384 subjects", 0), 0u);
    EXPECT_TRUE(edit({to("a7", {"81"})})) << "one that is there";
    EXPECT_FALSE(apply(another)) << "both at once";
    EXPECT_EQ(subjects(), size_t{MAX_SUBJECTS});
    EXPECT_TRUE(apply(file));
}

// If the second of two changes fails, the first is undone, and programs that saw it look again.
TEST_F(RulesEdit, SeveralAreOne) {
    ASSERT_TRUE(apply(everything(subjects_that_fit - 1) + "allow 80 a\n"));
    const uint64_t before = generation();
    const subject_record was = subject("a");
    const auto refused = edit({to("a", {"90"}), to("b", {"1-65535/both"})});
    ASSERT_FALSE(refused);
    EXPECT_EQ(ports("a"), "80/tcp ");
    EXPECT_EQ(subject("a").set, was.set);
    EXPECT_GT(generation(), before);
    EXPECT_EQ(subject("b").set, 0u);
}

TEST_F(RulesEdit, SetNumbersAreNeverUsedTwice) {
    policy_record worn{};
    worn.next_set = UINT32_MAX - 1;
    put(policy_map, __u32{0}, worn);
    ASSERT_TRUE(edit({to("app", {"80"})}));
    EXPECT_EQ(subject("app").set, UINT32_MAX - 1);
    const auto refused = edit({to("app", {"81"})});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "the numbers of port sets are used up");
    EXPECT_EQ(ports("app"), "80/tcp ");
}

TEST_F(RulesEdit, OneAtATime) {
    Pipe held, release;
    const Child holder([&] {
        const RuleMaps maps = writer();
        held.write.reset();
        release.write.reset();
        char end = 0;
        return read(release.read.get(), &end, 1) == 0 ? 0 : 1;
    });
    held.write.reset();
    ASSERT_TRUE(readable(held.read));
    Child waiter([&] {
        release.write.reset();
        return edit({to("app", {"80"})}) ? 0 : 1;
    });
    ASSERT_TRUE(waiter.falls_asleep());
    EXPECT_EQ(subjects(), 0u);
    release.write.reset();
    EXPECT_EQ(waiter.wait(), 0);
    EXPECT_EQ(subjects(), 1u);
}

} // namespace
} // namespace pinpipe::ctl
