// SPDX-License-Identifier: MIT
// Lists of remote ends in the kernel's maps.
#include "tools/ctl/rule_remotes.h"

#include "tests/unit/support/rule_edits.h"

#include <map>

namespace pinpipe::ctl {
namespace {

class RuleRemotes : public RulesEdit {
protected:
    std::map<std::string, uint32_t> numbers() const {
        std::map<std::string, uint32_t> numbers;
        const auto all = *reader().remotes();
        for (const auto &[number, list] : all)
            if (number)
                numbers[list] = number;
        return numbers;
    }
    // How many prefixes each list has, by its number.
    std::map<uint32_t, unsigned> prefixes() const {
        std::map<uint32_t, unsigned> count;
        const RuleMaps maps = reader();
        prefix_key key{};
        const void *last = nullptr;
        while (bpf_map_get_next_key(maps.map(prefixes_map).get(), last, &key) == 0) {
            count[key.list]++;
            last = &key;
        }
        return count;
    }
};

TEST_F(RuleRemotes, AListHasANumberAndPrefixes) {
    quietly({"allow", "80/udp", "app", "--to", "10.0.0.0/8", "--to", "::1"});
    const auto made = numbers();
    ASSERT_EQ(made.size(), 1u);
    const uint32_t number = made.at("10.0.0.0/8,::1");
    EXPECT_EQ(prefixes(), (std::map<uint32_t, unsigned>{{number, 2}}));
    quietly({"allow", "90/udp", "other", "--to", "::1,10.0.0.0/8"});
    EXPECT_EQ(numbers(), made) << "the same list";
    quietly({"allow", "90/udp", "other", "--to", "::1"});
    EXPECT_EQ(numbers().size(), 2u);
    EXPECT_EQ(prefixes().size(), 2u);
    EXPECT_EQ(exported(), "allow 80/udp app to=10.0.0.0/8,::1\n"
                          "allow 90/udp other to=10.0.0.0/8,::1\n"
                          "allow 90/udp other to=::1\n");
}

TEST_F(RuleRemotes, GoWithTheirLastRule) {
    quietly({"allow", "80/udp", "app", "--to", "lan"});
    quietly({"allow", "80/udp", "other", "--to", "lan"});
    quietly({"revoke", "--all", "app"});
    EXPECT_EQ(numbers().size(), 1u);
    quietly({"allow", "80/udp", "other", "--to", "::1"});
    quietly({"revoke", "80/udp", "other", "--to", "lan"});
    EXPECT_EQ(numbers().count("lan"), 0u);
    EXPECT_EQ(prefixes().size(), 1u);
    quietly({"apply", "-"}, "allow 81/udp app to=internet\n");
    ASSERT_EQ(numbers().size(), 1u);
    EXPECT_EQ(numbers().count("internet"), 1u);
    quietly({"apply", "-"}, "");
    EXPECT_TRUE(numbers().empty());
    EXPECT_TRUE(prefixes().empty());
}

// As a change leaves them that is killed before the list has its text: the number is taken again.
TEST_F(RuleRemotes, PrefixesWithoutAListAreNoPartOfTheNextOne) {
    prefix_key stray{};
    stray.bits = 32 + 128;
    stray.list = 1;
    put(prefixes_map, stray, uint64_t{1});
    quietly({"allow", "80/udp", "app", "--to", "::1"});
    EXPECT_EQ(prefixes(), (std::map<uint32_t, unsigned>{{1, 1}}));
}

TEST_F(RuleRemotes, AFailedChangeLeavesNone) {
    for (int i = 1; i <= PAGE_LISTS; i++)
        quietly({"allow", "80/udp", "app", "--to", "10.0.0." + std::to_string(i)});
    const auto before = numbers();
    const Finished ran = ctl({"allow", "80/udp", "app", "--to", "10.0.0.9"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(numbers(), before);
    EXPECT_EQ(prefixes().size(), size_t{PAGE_LISTS});
    quietly({"allow", "513/udp", "app", "--to", "10.0.0.9"}); // of another page
    EXPECT_EQ(numbers().size(), size_t{PAGE_LISTS} + 1);
}

TEST_F(RuleRemotes, AFullMapIsSaid) {
    const auto fill = [&](const std::string &list, uint64_t number) {
        put(remotes_map, remote_key_of(list), number);
    };
    for (int i = 0; i < MAX_REMOTES; i++)
        fill("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256), i + 1U);
    const Finished ran = ctl({"allow", "80/udp", "app", "--to", "::1"});
    EXPECT_EQ(ran.status, 0) << "lists that no rule has make room: " << ran.err;
    EXPECT_EQ(numbers().size(), 1u);
}

} // namespace
} // namespace pinpipe::ctl
