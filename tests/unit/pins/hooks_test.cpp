// SPDX-License-Identifier: MIT
#include "lib/pins/hooks.h"

#include "tests/unit/support/bpffs.h"

namespace pinpipe {
namespace {

void set(HookTable &hooks, unsigned number, const std::string &name, __u64 netns = 1) {
    hook_record &record = hooks.at(number);
    record.kind = HOOK_XDP;
    record.netns = netns;
    std::memset(record.name, 0, sizeof record.name);
    name.copy(record.name, sizeof record.name - 1);
}

TEST(Hooks, NamedInWhateverNamespace) {
    HookTable hooks{};
    set(hooks, 0, "eth0");
    set(hooks, 3, "eth0", 2);
    set(hooks, 63, "eth0", 3);
    set(hooks, 5, "eth00");
    set(hooks, 6, "eth");
    EXPECT_EQ(hooks_named(hooks, "eth0"), 1u | 1u << 3 | uint64_t{1} << 63);
    EXPECT_EQ(hooks_named(hooks, "eth00"), 1u << 5);
    EXPECT_EQ(hooks_named(hooks, "ETH0"), 0u);
    EXPECT_EQ(hooks_named(hooks, ""), 0u) << "free numbers have no name either";
    hooks[3].kind = HOOK_NONE;
    EXPECT_EQ(hooks_named(hooks, "eth0"), 1u | uint64_t{1} << 63)
        << "a freed number keeps its name";
}

TEST(Hooks, NamesOnceInTheirOrder) {
    HookTable hooks{};
    EXPECT_EQ(hook_names(hooks), "");
    set(hooks, 63, "lo");
    EXPECT_EQ(hook_names(hooks), "lo");
    set(hooks, 2, "wlan0");
    set(hooks, 9, "eth0");
    set(hooks, 10, "wlan0", 2);
    set(hooks, 12, "lo", 2);
    EXPECT_EQ(hook_names(hooks), "wlan0, eth0, lo");
    hooks[9].kind = HOOK_NONE;
    EXPECT_EQ(hook_names(hooks), "wlan0, lo");
}

class HooksTest : public BpffsTest {};

TEST_F(HooksTest, ReadFromTheMap) {
    const Fd map = make_map(hooks_map);
    HookTable written{};
    set(written, 0, "eth0");
    set(written, 63, "123456789012345");
    for (__u32 number = 0; number < MAX_HOOKS; number++) {
        written[number].ifindex = number;
        ASSERT_EQ(bpf_map_update_elem(map.get(), &number, &written[number], BPF_ANY), 0);
    }
    const auto hooks = read_hooks(map, "it");
    ASSERT_TRUE(hooks);
    for (unsigned number = 0; number < MAX_HOOKS; number++)
        EXPECT_EQ(hooks->at(number).ifindex, number);
    EXPECT_EQ(hook_names(*hooks), "eth0, 123456789012345");
}

// Names are used as C strings, whoever wrote the map: they must end.
TEST_F(HooksTest, NamesAreEnded) {
    const Fd map = make_map(hooks_map);
    hook_record record{};
    record.kind = HOOK_XDP;
    std::memset(record.name, 'x', sizeof record.name);
    const __u32 number = 7;
    ASSERT_EQ(bpf_map_update_elem(map.get(), &number, &record, BPF_ANY), 0);
    const auto hooks = read_hooks(map, "it");
    ASSERT_TRUE(hooks);
    EXPECT_EQ(hook_names(*hooks), std::string(15, 'x'));
}

TEST_F(HooksTest, AMapThatIsTooShort) {
    MapSpec shorter = hooks_map;
    shorter.entries = 3;
    const auto hooks = read_hooks(make_map(shorter), "/x/hooks");
    ASSERT_FALSE(hooks);
    EXPECT_EQ(hooks.error().text, "cannot read /x/hooks: no such file or directory");
}

} // namespace
} // namespace pinpipe
