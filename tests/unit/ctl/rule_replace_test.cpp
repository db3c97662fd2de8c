// SPDX-License-Identifier: MIT
// All rules replaced in one step: what others see meanwhile, and what stays behind.
#include "tools/ctl/rule_replace.h"

#include "tests/unit/support/rule_edits.h"

namespace pinpipe::ctl {
namespace {

using RulesReplace = RulesEdit;

TEST_F(RulesReplace, EverythingAtOnceGoesToTheOtherBank) {
    ASSERT_TRUE(edit({to("stays", {"80"}), to("changes", {"80"}), to("goes", {"80"})}));
    const subject_record stays = subject("stays"), changes = subject("changes");
    put(hits_map, hit_key{stays.number, 80, RULE_TCP, 0, 0}, hit_record{7});
    put(denials_map, stays.number, denial_record{1, 2, 3});
    put(hits_map, hit_key{subject("goes").number, 80, RULE_TCP, 0, 0}, hit_record{7});
    const uint64_t before = generation();
    ASSERT_TRUE(apply("allow 80 stays\nallow 81 changes\nallow 82 comes"));
    EXPECT_EQ(generation(), before + 1) << "one step";
    EXPECT_EQ(bits(), uint64_t{POLICY_BANK | POLICY_HAS_NAME});
    EXPECT_EQ(subjects(), 3u);
    EXPECT_EQ(texts(), 3u);
    EXPECT_EQ(pages(), 3u * rule_sides);
    EXPECT_EQ(subject("stays").number, stays.number);
    EXPECT_EQ(subject("stays").set, stays.set) << "it says the same";
    EXPECT_EQ(subject("changes").number, changes.number);
    EXPECT_EQ(ports("changes"), "81/tcp ");
    EXPECT_EQ(ports("comes"), "82/tcp ");
    EXPECT_EQ(ports("goes"), "");
    EXPECT_EQ(reader().hits()->size(), 1u) << "counters of what stays";
    EXPECT_EQ(reader().denials(stays.number)->denied, 1u);
    ASSERT_TRUE(apply("allow 80 stays"));
    EXPECT_EQ(bits(), uint64_t{POLICY_HAS_NAME}) << "and back";
    EXPECT_EQ(subjects(), 1u);
    EXPECT_EQ(pages(), 1u * rule_sides);
    ASSERT_TRUE(apply(""));
    EXPECT_EQ(subjects() + pages() + texts() + reader().hits()->size(), 0u);
}

// The same file by another name: the name is what is shown from then on.
TEST_F(RulesReplace, TextsAreTheNewOnes) {
    const std::string same = "/proc/" + std::to_string(getpid()) + "/exe";
    ASSERT_TRUE(edit({to("/proc/self/exe", {"80"})}));
    ASSERT_TRUE(apply("allow 80 " + same));
    EXPECT_EQ(reader().texts()->at(subject(same).number), same);
    EXPECT_EQ(subjects(), 1u);
}

// What a killed one leaves: pages and texts of nobody, subjects in the bank that does not hold.
TEST_F(RulesReplace, LeftoversAreCollected) {
    ASSERT_TRUE(edit({to("app", {"80"})}));
    put(ports_map, page_key{999, 1, 0, 0, 0}, page_record{{1}, {}});
    put(texts_map, uint32_t{77}, text_record{"nobody"});
    subject_key other = find_process("ghost")->key;
    other.bank = 1;
    put(subjects_map, other, subject_record{999, 77, 0, 0});
    EXPECT_EQ(exported(), "allow 80/tcp app\n") << "nobody sees them";
    ASSERT_TRUE(apply("allow 80 app"));
    EXPECT_EQ(exported(), "allow 80/tcp app\n");
    EXPECT_EQ(subjects(), 1u);
    EXPECT_EQ(pages(), 1u * rule_sides);
    EXPECT_EQ(texts(), 1u);
}

TEST_F(RulesReplace, AFullMapChangesNothing) {
    ASSERT_TRUE(apply("allow 80 app"));
    const std::string before = exported();
    const uint64_t now = policy().now;
    const auto refused = apply(everything(subjects_that_fit + 8));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, below("admin/ports") + " is full");
    EXPECT_EQ(refused.error().exit, Exit::failed);
    EXPECT_EQ(exported(), before);
    EXPECT_EQ(policy().now, now);
    EXPECT_EQ(subjects(), 1u);
    EXPECT_EQ(pages(), 1u * rule_sides);
    EXPECT_EQ(texts(), 1u);
}

// Two states between which a child changes all the time.
class RulesMeanwhile : public RulesEdit {
protected:
    static constexpr int subjects_of_each = 50;

    static std::string first() {
        std::string file;
        for (int number = 0; number < subjects_of_each; number++)
            file += "allow 80/tcp s" + std::to_string(number) + "\n";
        return file;
    }
    static std::string second() {
        std::string file;
        for (int number = 0; number < subjects_of_each; number++)
            file += "allow 443/udp s" + std::to_string(number) + "\nallow 1/tcp t" +
                    std::to_string(number) + "\n";
        return file;
    }
    static std::string in_order(const std::string &file) {
        std::string text;
        for (const std::string &line : policy_lines(*parse_policy(file)))
            text += line;
        return text;
    }
    static std::set<std::string> both() { return {in_order(first()), in_order(second())}; }
    Child changer() const {
        return Child([&] {
            for (;;)
                if (!apply(second()) || !apply(first()))
                    return 1;
        });
    }
};

TEST_F(RulesMeanwhile, ReadersSeeWholeStates) {
    ASSERT_TRUE(apply(first()));
    const Child child = changer();
    std::set<std::string> seen;
    const Stopwatch watch;
    for (int round = 0; (round < 50 || seen.size() < 2) && watch.seconds() < patience; round++)
        seen.insert(exported());
    EXPECT_EQ(seen, both());
}

// Of a subject that comes and goes: never a part.
TEST_F(RulesMeanwhile, ReadersSeeWholeSubjects) {
    const Child child([&] {
        const timespec pause{0, 4'000'000};
        for (;; nanosleep(&pause, nullptr))
            if (!edit({to("a", {"80"}), to("b", {"81"})}) || !edit({gone("a"), gone("b")}))
                return 1;
    });
    const RuleMaps maps = reader();
    const Stopwatch watch;
    size_t whole = 0;
    while (watch.seconds() < 1.5 || (whole == 0 && watch.seconds() < patience)) {
        const auto rules = maps.read();
        ASSERT_TRUE(rules) << rules.error().text;
        for (const Ruled &ruled : rules->ruled)
            ASSERT_EQ(ruled.text + " " + text_of(ruled.ports),
                      ruled.text == "a" ? "a 80/tcp " : "b 81/tcp ");
        whole += rules->ruled.size();
    }
    EXPECT_GT(whole, 0u);
}

// Killed wherever it is: one state or the other holds, and the next change tidies up.
TEST_F(RulesMeanwhile, KilledAtAnyMoment) {
    ASSERT_TRUE(apply(first()));
    for (int round = 0; round < 40; round++) {
        const uint64_t before = generation();
        Child child = changer();
        const Stopwatch watch;
        while (generation() == before && watch.seconds() < patience)
            sched_yield();
        const timespec moment{0, round * 400'000};
        nanosleep(&moment, nullptr);
        child.kill(SIGKILL);
        child.wait();
        ASSERT_TRUE(both().contains(exported()));
    }
    ASSERT_TRUE(edit({to("new", {"80"})}));
    ASSERT_TRUE(apply(second()));
    EXPECT_EQ(exported(), in_order(second()));
    EXPECT_EQ(subjects(), size_t{2 * subjects_of_each});
    EXPECT_EQ(pages(), size_t{2 * subjects_of_each * rule_sides});
    EXPECT_EQ(texts(), size_t{2 * subjects_of_each});
}

} // namespace
} // namespace pinpipe::ctl
