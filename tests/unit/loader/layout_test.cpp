// SPDX-License-Identifier: MIT
#include "tools/loader/layout.h"

#include "tests/unit/support/layout.h"

#include <fstream>
#include <grp.h>
#include <sys/stat.h>

namespace pinpipe::loader {
namespace {

bool exists(const std::string &path) {
    return access(path.c_str(), F_OK) == 0;
}

std::string mode_of(const std::string &path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0)
        return "missing";
    char text[64];
    std::snprintf(text, sizeof text, "%o %u:%u", static_cast<unsigned>(st.st_mode & 07777),
                  st.st_uid, st.st_gid);
    return text;
}

class LayoutMaking : public BpffsTest {
protected:
    static Settings settings() {
        Settings settings;
        settings.readers = 2;
        settings.ring_size = least_ring_size;
        return settings;
    }
};

TEST_F(LayoutMaking, NothingIsThereBeforeItIsPublished) {
    const auto layout = Layout::create(pins(), settings());
    ASSERT_TRUE(layout) << layout.error().text;
    EXPECT_TRUE(layout->is_new());
    EXPECT_TRUE(exists(stage_path(pins()) + "/abi"));
    for (const char *part : {"abi", "maps", "readers", "links"})
        EXPECT_FALSE(exists(below(part))) << part;
    EXPECT_EQ(pins().abi().error().exit, Exit::not_loaded);
    EXPECT_TRUE(clear_stage(pins()));
    EXPECT_FALSE(exists(stage_path(pins())));
    EXPECT_TRUE(clear_stage(pins())) << "also when there is none";
}

TEST_F(LayoutMaking, PublishingPutsItInItsPlace) {
    const Pins at = pins();
    auto layout = Layout::create(at, settings());
    ASSERT_TRUE(layout);
    Undo undo;
    ASSERT_TRUE(layout->publish(at, undo));
    undo.keep();
    const auto abi = at.abi();
    ASSERT_TRUE(abi) << abi.error().text;
    EXPECT_EQ(abi->readers, 2u);
    EXPECT_EQ(abi->ring_size, least_ring_size);
    EXPECT_EQ(abi->unloaded, 0u);
    EXPECT_LT(std::strlen(abi->program), sizeof abi->program);
    EXPECT_NE(abi->program[0], '\0');
    EXPECT_FALSE(exists(stage_path(at)));
    for (const char *path :
         {"links", "readers/0/ring", "readers/0/control", "readers/1/ring", "readers/1/control"})
        EXPECT_TRUE(exists(below(path))) << path;
    EXPECT_FALSE(exists(at.reader(2)));
    for (const MapSpec *spec :
         {&hooks_map, &counters_map, &losses_map, &wanted_map, &controls_map, &rings_map})
        EXPECT_TRUE(at.open(*spec, Access::write)) << spec->path;
}

TEST_F(LayoutMaking, TheBootAndTheTimeAreRecorded) {
    const auto layout = Layout::create(pins(), settings());
    ASSERT_TRUE(layout);
    std::string expected, found;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), expected);
    for (size_t i = 0; i < sizeof layout->abi().boot_id; i++) {
        char byte[4];
        std::snprintf(byte, sizeof byte, "%02x", layout->abi().boot_id[i]);
        found += byte;
        if (i == 3 || i == 5 || i == 7 || i == 9)
            found += '-';
    }
    EXPECT_EQ(found, expected);
    const auto loaded = static_cast<time_t>(layout->abi().loaded / 1'000'000'000);
    EXPECT_NEAR(static_cast<double>(loaded), static_cast<double>(time(nullptr)), 2);
}

TEST_F(LayoutMaking, APublishedOneIsTakenBackOnFailure) {
    const Pins at = pins();
    {
        auto layout = Layout::create(at, settings());
        ASSERT_TRUE(layout);
        Undo undo;
        ASSERT_TRUE(layout->publish(at, undo));
        EXPECT_TRUE(exists(below("abi")));
    }
    for (const char *part : {"abi", "maps", "readers", "links", "stage"})
        EXPECT_FALSE(exists(below(part))) << part;
}

// The abi record makes it a layout: a process that comes while parts are being moved finds none.
TEST_F(LayoutMaking, TheAbiRecordComesLast) {
    const Pins at = pins();
    auto layout = Layout::create(at, settings());
    ASSERT_TRUE(layout);
    ASSERT_EQ(mkdir(below("abi").c_str(), 0700), 0); // no file can take a directory's place
    ASSERT_EQ(mkdir(below("abi/x").c_str(), 0700), 0);
    Undo undo;
    const auto published = layout->publish(at, undo);
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().text.rfind("cannot move " + below("stage/abi") + " to ", 0), 0u)
        << published.error().text;
    for (const char *part : {"maps", "readers", "links"})
        EXPECT_TRUE(exists(below(part))) << part << " was moved before";
}

TEST_F(LayoutMaking, DefaultsAreUsed) {
    const auto layout = Layout::create(pins(), {});
    ASSERT_TRUE(layout) << layout.error().text;
    EXPECT_EQ(layout->abi().readers, default_readers);
    EXPECT_EQ(layout->abi().ring_size, default_ring_size);
    const group *usual = getgrnam("ebpf");
    EXPECT_EQ(layout->abi().group, usual ? usual->gr_gid : 0);
}

TEST(LayoutElsewhere, NoBpffsIsAnError) {
    const auto layout = Layout::create(Pins("/dev/shm/pinpipe-unit-no-such"), {});
    ASSERT_FALSE(layout);
    EXPECT_EQ(layout.error().text,
              "cannot make /dev/shm/pinpipe-unit-no-such/stage: no such file or directory");
}

class LayoutOpening : public LayoutTest {
protected:
    Result<Layout> open(const Settings &with = {}) const { return Layout::open(pins(), with); }
};

TEST_F(LayoutOpening, KeepsWhatIsThere) {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_FALSE(opened->is_new());
    EXPECT_EQ(opened->abi().readers, slots);
    EXPECT_EQ(opened->abi().ring_size, ring_size);
    EXPECT_EQ(opened->abi().loaded, layout().abi().loaded);
    Undo undo;
    const Pins at = pins();
    EXPECT_TRUE(opened->publish(at, undo)) << "nothing to do";
    EXPECT_TRUE(open(settings())) << "the same settings again";
}

TEST_F(LayoutOpening, WhatCannotChangeIsRefused) {
    Settings other;
    other.readers = slots + 1;
    auto refused = open(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "--readers is 3 since the first load and cannot change");
    other = {};
    other.ring_size = ring_size * 2;
    refused = open(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "--ring-size is 16384 since the first load and cannot change");
    EXPECT_NE(refused.error().hint, "");
}

TEST_F(LayoutOpening, TheGroupCanChange) {
    Settings other;
    other.group = 4242;
    auto opened = open(other);
    ASSERT_TRUE(opened);
    EXPECT_EQ(pins().abi()->group, 0u) << "not before all else has gone well";
    Undo undo;
    ASSERT_TRUE(opened->protect(pins(), undo));
    undo.keep();
    EXPECT_EQ(pins().abi()->group, 4242u);
    const auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->abi().group, 4242u) << "and stays";
}

TEST_F(LayoutOpening, WhatWasRefusedIsKeptUntilItsObjectIsLoadedAnew) {
    const Pins at = pins();
    const auto refused = [&](unsigned number) { return at.abi()->refused[number]; };
    auto first = Layout::open(at, {});
    ASSERT_TRUE(first);
    {
        Undo undo;
        first->set_refused(OPTIONAL_RULED_FORK, EPERM);
        first->set_refused(OPTIONAL_SEE_SENT, EINVAL);
        EXPECT_EQ(refused(OPTIONAL_RULED_FORK), 0) << "before it is written";
        ASSERT_TRUE(first->protect(at, undo));
        EXPECT_EQ(refused(OPTIONAL_RULED_FORK), EPERM);
        undo.keep();
    }
    auto again = Layout::open(at, {});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->refused(OPTIONAL_RULED_FORK), EPERM);
    again->forget_refused("relabel");
    {
        Undo undo;
        ASSERT_TRUE(again->protect(at, undo));
        EXPECT_EQ(refused(OPTIONAL_RULED_FORK), 0);
        EXPECT_EQ(refused(OPTIONAL_SEE_SENT), EINVAL) << "of another object";
    }
    EXPECT_EQ(refused(OPTIONAL_RULED_FORK), EPERM) << "undone";
    again->announce();
    EXPECT_EQ(refused(OPTIONAL_RULED_FORK), 0);
}

TEST_F(LayoutOpening, NothingThere) {
    ASSERT_TRUE(remove_all(pins()));
    EXPECT_EQ(open().error().exit, Exit::not_loaded);
}

TEST_F(LayoutOpening, EachMapOfAnotherShapeIsRefused) {
    for (const MapSpec *spec : {&abi_map, &hooks_map, &counters_map, &losses_map, &wanted_map}) {
        const std::string moved = below("moved");
        ASSERT_EQ(rename(below(spec->path).c_str(), moved.c_str()), 0);
        MapSpec wrong = *spec;
        wrong.value_size += 8;
        make_pin(wrong, spec->path);
        const auto refused = open();
        ASSERT_FALSE(refused) << spec->path;
        EXPECT_EQ(refused.error().text,
                  below(spec->path) + " is no map of layout " + std::to_string(LAYOUT_VERSION));
        ASSERT_EQ(rename(moved.c_str(), below(spec->path).c_str()), 0);
    }
    EXPECT_TRUE(open());
}

TEST_F(LayoutOpening, ProtectsEveryPin) {
    Settings other;
    other.group = 4242;
    auto opened = open(other);
    ASSERT_TRUE(opened);
    const std::string directories[] = {"maps", "readers", "links", "readers/0", "readers/2"};
    for (const std::string &path : directories)
        EXPECT_EQ(mode_of(below(path)), "750 0:0") << path << ": published so";
    {
        Undo undone;
        ASSERT_TRUE(opened->protect(pins(), undone));
        EXPECT_EQ(pins().abi()->group, 4242u);
    }
    EXPECT_EQ(mode_of(below("maps")), "750 0:0") << "taken back";
    EXPECT_EQ(pins().abi()->group, 0u);
    Undo undo;
    ASSERT_TRUE(opened->protect(pins(), undo));
    undo.keep();
    for (const std::string &path : directories)
        EXPECT_EQ(mode_of(below(path)), "750 0:4242") << path;
    for (const char *path : {"abi", "maps/hooks", "maps/counters", "maps/losses"})
        EXPECT_EQ(mode_of(below(path)), "640 0:4242") << path;
    for (const char *path : {"maps/wanted", "readers/0/ring", "readers/0/control", "readers/2/ring",
                             "readers/2/control"})
        EXPECT_EQ(mode_of(below(path)), "660 0:4242") << path;
    for (const char *path : {"maps/controls", "maps/rings"})
        EXPECT_EQ(mode_of(below(path)).substr(0, 4), "600 ") << path;
}

TEST_F(LayoutOpening, ProtectingWhatIsMissingIsAnError) {
    ASSERT_EQ(unlink(below("maps/hooks").c_str()), 0);
    Undo undo;
    const auto refused = layout().protect(pins(), undo);
    undo.keep();
    ASSERT_FALSE(refused);
}

TEST_F(LayoutOpening, RemoveAll) {
    ASSERT_EQ(mkdir(below("stage").c_str(), 0700), 0);
    ASSERT_EQ(mkdir(below("other").c_str(), 0700), 0);
    ASSERT_TRUE(remove_all(pins()));
    for (const char *part : {"abi", "maps", "readers", "links", "stage"})
        EXPECT_FALSE(exists(below(part))) << part;
    EXPECT_TRUE(exists(below("other"))) << "none of ours";
    EXPECT_TRUE(remove_all(pins())) << "also when there is nothing";
}

TEST(ParseGroup, NamesAndNumbers) {
    EXPECT_EQ(parse_group("root"), gid_t{0});
    EXPECT_EQ(parse_group("0"), gid_t{0});
    EXPECT_EQ(parse_group("4242"), gid_t{4242});
    EXPECT_EQ(parse_group("4294967294"), gid_t{4294967294});
    setgrent();
    const group *entry = getgrent();
    ASSERT_TRUE(entry);
    const std::string name = entry->gr_name;
    const gid_t gid = entry->gr_gid;
    endgrent();
    EXPECT_EQ(parse_group(name), gid);
}

// 4294967295 is (gid_t)-1, "leave it as it is" to chown(2).
TEST(ParseGroup, WhatIsNone) {
    for (const char *name : {"", "no-such-group", "-1", "+1", "1 ", " 1", "0x10", "1.0",
                             "4294967295", "4294967296", "99999999999999999999", "root ", "ROOT"}) {
        const auto gid = parse_group(name);
        ASSERT_FALSE(gid) << "'" << name << "'";
        EXPECT_EQ(gid.error().text, std::string("no group ") + name);
        EXPECT_EQ(gid.error().hint, std::string("sudo groupadd --system ") + name);
        EXPECT_EQ(gid.error().exit, Exit::failed);
    }
}

} // namespace
} // namespace pinpipe::loader
