// SPDX-License-Identifier: MIT
// The parts of a layout: reader slots and their repair, and hook records.
#include "tools/loader/layout.h"

#include "tests/unit/support/child.h"
#include "tests/unit/support/layout.h"

#include <set>
#include <sys/file.h>

namespace pinpipe::loader {
namespace {

class LayoutSlots : public LayoutTest {
protected:
    Result<Layout> open() const { return Layout::open(pins(), {}); }
    // Returns the id of the inner map, which the kernel programs use.
    uint32_t inner(const MapSpec &outer, unsigned slot) {
        uint32_t id = 0;
        EXPECT_EQ(bpf_map_lookup_elem(layout().map(outer).get(), &slot, &id), 0);
        return id;
    }
    void expect_slots_are_pinned() {
        std::set<uint32_t> ids;
        for (unsigned slot = 0; slot < slots; slot++) {
            const std::string at = "readers/" + std::to_string(slot);
            EXPECT_EQ(inner(controls_map, slot), map_id(at + "/control")) << slot;
            EXPECT_EQ(inner(rings_map, slot), map_id(at + "/ring")) << slot;
            ids.insert({map_id(at + "/control"), map_id(at + "/ring")});
        }
        EXPECT_EQ(ids.size(), 2 * slots);
        uint32_t id = 0;
        const __u32 beyond = slots;
        EXPECT_NE(bpf_map_lookup_elem(layout().map(controls_map).get(), &beyond, &id), 0);
    }
    std::string opened_in_child() const {
        return run_child([&] {
                   const auto opened = open();
                   return opened ? 0 : report("test", opened.error());
               })
            .err;
    }
};

TEST_F(LayoutSlots, ProgramsAndReadersHaveTheSameMaps) {
    expect_slots_are_pinned();
}

TEST_F(LayoutSlots, FrozenOnesAreReplaced) {
    for (const char *path : {"readers/0/control", "readers/2/ring"}) {
        const uint32_t before = map_id(path), other = map_id("readers/1/ring");
        ASSERT_TRUE(freeze(below(path))) << std::strerror(errno);
        const std::string slot(1, path[8]);
        EXPECT_EQ(opened_in_child(),
                  "ebpf-load: reader slot " + slot + " was frozen or broken: replaced\n");
        EXPECT_NE(map_id(path), before) << path;
        EXPECT_NE(map_id(path), 0u);
        EXPECT_EQ(map_id("readers/1/ring"), other) << "sound ones stay";
        expect_slots_are_pinned();
        EXPECT_EQ(opened_in_child(), "") << "the next time all is well";
    }
}

TEST_F(LayoutSlots, MissingOnesAreReplaced) {
    ASSERT_EQ(unlink(below("readers/1/ring").c_str()), 0);
    EXPECT_EQ(opened_in_child(), "ebpf-load: reader slot 1 was frozen or broken: replaced\n");
    expect_slots_are_pinned();
    for (const char *path : {"readers/1/ring", "readers/1/control", "readers/1"})
        ASSERT_EQ(remove(below(path).c_str()), 0);
    EXPECT_EQ(opened_in_child(), "ebpf-load: reader slot 1 was frozen or broken: replaced\n");
    expect_slots_are_pinned();
}

TEST_F(LayoutSlots, OneAtWorkIsLeftAlone) {
    const uint32_t before = map_id("readers/0/control");
    ASSERT_TRUE(freeze(below("readers/0/control"))) << std::strerror(errno);
    const Fd claimed(::open(pins().reader(0).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(claimed.get(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(opened_in_child(), "");
    EXPECT_EQ(map_id("readers/0/control"), before);
}

TEST_F(LayoutSlots, AFrozenWordIsReplaced) {
    const uint32_t before = map_id("maps/wanted");
    ASSERT_TRUE(freeze(below("maps/wanted"))) << std::strerror(errno);
    EXPECT_EQ(opened_in_child(), "ebpf-load: " + below("maps/wanted") + " was frozen: replaced\n");
    EXPECT_NE(map_id("maps/wanted"), before);
    const auto opened = open();
    ASSERT_TRUE(opened);
    bpf_map_info info{};
    __u32 size = sizeof info;
    ASSERT_EQ(bpf_obj_get_info_by_fd(opened->map(wanted_map).get(), &info, &size), 0);
    EXPECT_EQ(info.id, map_id("maps/wanted"));
}

class LayoutHooks : public LayoutTest {
protected:
    Result<Layout> open() const { return Layout::open(pins(), {}); }
};

TEST_F(LayoutHooks, RecordsComeBack) {
    hook_record record{};
    record.kind = HOOK_XDP;
    record.ifindex = 5;
    record.netns = ~uint64_t{0};
    std::memset(record.name, 'x', sizeof record.name);
    ASSERT_TRUE(layout().set_hook(63, record));
    const auto found = layout().hook(63);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->netns, record.netns);
    EXPECT_EQ(found->ifindex, 5u);
    EXPECT_STREQ(found->name, "xxxxxxxxxxxxxxx");
    EXPECT_FALSE(layout().hook(64));
    EXPECT_FALSE(layout().set_hook(64, record));
}

// Unread records may still have a number that was just freed.
TEST_F(LayoutHooks, AFreedNumberIsUsedAsLateAsCanBe) {
    hook_record used{};
    used.kind = HOOK_XDP;
    for (unsigned number = 0; number < 3; number++) {
        ASSERT_EQ(layout().free_hook(), number);
        ASSERT_TRUE(layout().set_hook(number, used));
    }
    ASSERT_TRUE(layout().set_hook(1, {}));
    EXPECT_EQ(layout().free_hook(), 3u);
    EXPECT_EQ(open()->free_hook(), 4u) << "the next load goes on from there";
}

TEST_F(LayoutHooks, AllNumbersAreGivenOutOnce) {
    hook_record used{};
    used.kind = HOOK_XDP;
    std::set<unsigned> numbers;
    for (unsigned i = 0; i <= LAST_HOOK; i++) {
        const auto number = layout().free_hook();
        ASSERT_TRUE(number);
        EXPECT_TRUE(numbers.insert(*number).second) << *number << " twice";
        ASSERT_TRUE(layout().set_hook(*number, used));
    }
    EXPECT_EQ(*numbers.rbegin(), unsigned{LAST_HOOK});
    const auto none = layout().free_hook();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text, "all 63 hooks are in use");
    ASSERT_TRUE(layout().set_hook(17, {}));
    EXPECT_EQ(layout().free_hook(), 17u);
}

TEST_F(LayoutHooks, ChangesAreAnnounced) {
    EXPECT_EQ(pins().abi()->hook_changes, 0u);
    layout().announce();
    layout().announce();
    EXPECT_EQ(pins().abi()->hook_changes, 2u);
    auto opened = open();
    ASSERT_TRUE(opened);
    opened->announce();
    EXPECT_EQ(pins().abi()->hook_changes, 3u);
}

} // namespace
} // namespace pinpipe::loader
