// SPDX-License-Identifier: MIT
#include "lib/pins/pins.h"

#include "tests/unit/support/bpffs.h"
#include "tests/unit/support/child.h"

#include <grp.h>
#include <linux/bpf.h>
#include <sys/stat.h>

namespace pinpipe {
namespace {

constexpr uid_t nobody = 65534;

// Offsets and sizes of fields, for readers in any language.
const MapSpec sample = {"sample", "sample", BPF_MAP_TYPE_HASH, 8, 16, 32, 0, 0640};
const MapSpec mappable = {"mappable", "mappable", BPF_MAP_TYPE_ARRAY, 4,
                          64,         1,          BPF_F_MMAPABLE,     0660};

TEST(PinsPaths, AreBelowTheRoot) {
    const Pins pins("/run/ebpf");
    EXPECT_EQ(pins.root(), "/run/ebpf");
    EXPECT_EQ(pins.path("abi"), "/run/ebpf/abi");
    EXPECT_EQ(pins.reader(0), "/run/ebpf/readers/0");
    EXPECT_EQ(pins.reader(31), "/run/ebpf/readers/31");
    EXPECT_EQ(pins.link(63), "/run/ebpf/links/63");
}

// The kernel keeps 15 bytes of a map's name, and bpffs refuses names with a dot.
TEST(PinsPaths, NamesFitTheKernel) {
    for (const MapSpec *spec : {&abi_map, &hooks_map, &counters_map, &losses_map, &wanted_map,
                                &controls_map, &rings_map, &control_map, &ring_map}) {
        EXPECT_LE(std::strlen(spec->name), 15u);
        EXPECT_EQ(std::string(spec->path).find('.'), std::string::npos);
        EXPECT_EQ(spec->mode & 07, 0u) << spec->name << ": nobody else";
    }
    // A user who may write a map may freeze it: the read group may write only what reading needs.
    for (const MapSpec *spec :
         {&abi_map, &hooks_map, &counters_map, &losses_map, &controls_map, &rings_map})
        EXPECT_EQ(spec->mode & 020, 0u) << spec->name;
}

TEST(PinsPaths, NotLoaded) {
    const Error usual = not_loaded("/run/ebpf"), other = not_loaded("/x");
    EXPECT_EQ(pin_root_option("/run/ebpf"), "");
    EXPECT_EQ(pin_root_option("/x"), " --pin-root /x");
    EXPECT_EQ(usual.text, "not loaded: run: sudo ebpf-load --xdp IFACE");
    EXPECT_EQ(other.text, "not loaded: run: sudo ebpf-load --xdp IFACE --pin-root /x");
    EXPECT_EQ(usual.exit, Exit::not_loaded);
    EXPECT_EQ(other.exit, Exit::not_loaded);
}

class PinsTest : public BpffsTest {};

TEST_F(PinsTest, AMapThatFits) {
    const Fd map = make_pin(sample, "sample");
    EXPECT_TRUE(check_map(map.get(), sample, "it"));
    EXPECT_TRUE(open_map(below("sample"), sample, Access::read));
    EXPECT_TRUE(open_map(below("sample"), sample, Access::write));
    EXPECT_TRUE(pins().open(sample, Access::read));
    MapSpec any = sample;
    any.entries = 0;
    EXPECT_TRUE(check_map(map.get(), any, "it")) << "0: any number of entries";
}

TEST_F(PinsTest, EachDeviationIsRefused) {
    const auto deviating = [](auto change) {
        MapSpec spec = sample;
        change(spec);
        return spec;
    };
    const MapSpec deviations[] = {
        deviating([](MapSpec &s) { s.type = BPF_MAP_TYPE_LRU_HASH; }),
        deviating([](MapSpec &s) { s.key_size = 4; }),
        deviating([](MapSpec &s) { s.key_size = 16; }),
        deviating([](MapSpec &s) { s.value_size = 8; }),
        deviating([](MapSpec &s) { s.value_size = 24; }),
        deviating([](MapSpec &s) { s.entries = 31; }),
        deviating([](MapSpec &s) { s.entries = 33; }),
        deviating([](MapSpec &s) { s.flags = BPF_F_NO_PREALLOC; }),
    };
    for (const MapSpec &spec : deviations) {
        const Fd map = make_pin(spec, "sample");
        for (const auto &refused :
             {check_map(map.get(), sample, below("sample")),
              open_map(below("sample"), sample, Access::read).map([](const Fd &) {})}) {
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().text,
                      below("sample") + " is no map of layout " + std::to_string(LAYOUT_VERSION));
            EXPECT_EQ(refused.error().hint, "sudo ebpf-load --unload   (then load again)");
            EXPECT_EQ(refused.error().exit, Exit::failed);
        }
        EXPECT_EQ(unlink(below("sample").c_str()), 0);
    }
    const Fd plain = make_map({"plain", "", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0, 0});
    EXPECT_FALSE(check_map(plain.get(), mappable, "it"));
}

TEST_F(PinsTest, EverySpecFitsTheMapMadeOfIt) {
    for (const MapSpec *spec :
         {&abi_map, &hooks_map, &counters_map, &losses_map, &wanted_map, &control_map}) {
        const Fd map = make_map(*spec);
        ASSERT_TRUE(map.valid()) << spec->name;
        EXPECT_TRUE(check_map(map.get(), *spec, spec->name));
        for (const MapSpec *other : {&abi_map, &hooks_map, &counters_map, &losses_map, &wanted_map,
                                     &control_map, &ring_map, &rings_map})
            EXPECT_EQ(check_map(map.get(), *other, "it").has_value(), other == spec)
                << spec->name << " as " << other->name;
    }
}

// bpf(2) describes a program in the same call as a map, but with another layout.
TEST_F(PinsTest, WhatIsNoMapIsRefused) {
    const bpf_insn program[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                                {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    const Fd loaded(
        bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "program", "GPL", program, 2, nullptr));
    ASSERT_TRUE(loaded.valid());
    ASSERT_EQ(bpf_obj_pin(loaded.get(), below("sample").c_str()), 0);
    const auto refused = open_map(below("sample"), sample, Access::write);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text,
              below("sample") + " is no map of layout " + std::to_string(LAYOUT_VERSION));
    const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto no_object = check_map(file.get(), sample, "it");
    ASSERT_FALSE(no_object);
    EXPECT_EQ(no_object.error().text, "cannot inspect it: invalid argument");
}

TEST_F(PinsTest, ReadingIsNotWriting) {
    make_pin(sample, "sample");
    const uint64_t key = 1, value[2] = {2, 3};
    uint64_t found[2] = {};
    const auto writer = open_map(below("sample"), sample, Access::write);
    ASSERT_TRUE(writer);
    EXPECT_EQ(bpf_map_update_elem(writer->get(), &key, value, BPF_ANY), 0);
    const auto reader = open_map(below("sample"), sample, Access::read);
    ASSERT_TRUE(reader);
    EXPECT_EQ(bpf_map_lookup_elem(reader->get(), &key, found), 0);
    EXPECT_EQ(found[1], 3u);
    EXPECT_NE(bpf_map_update_elem(reader->get(), &key, value, BPF_ANY), 0);
    EXPECT_EQ(errno, EPERM);
}

// The check needs no map.
TEST(PinsAbsent, AMissingPin) {
    const auto missing = Pins("/nonexistent").open(sample, Access::read);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().text, "cannot open /nonexistent/sample: no such file or directory");
    EXPECT_EQ(missing.error().code, ENOENT);
}

TEST_F(PinsTest, ReadElement) {
    const Fd map = make_map(hooks_map);
    hook_record record{};
    record.ifindex = 77;
    const __u32 last = MAX_HOOKS - 1;
    ASSERT_EQ(bpf_map_update_elem(map.get(), &last, &record, BPF_ANY), 0);
    hook_record found{};
    EXPECT_TRUE(read_element(map, last, found, "it"));
    EXPECT_EQ(found.ifindex, 77u);
    const auto beyond = read_element(map, MAX_HOOKS, found, "/x/hooks");
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().text, "cannot read /x/hooks: no such file or directory");
}

TEST_F(PinsTest, MapArray) {
    make_pin(mappable, "mappable");
    const auto map = open_map(below("mappable"), mappable, Access::write);
    ASSERT_TRUE(map);
    EXPECT_FALSE(is_frozen(map->get()));
    const auto page = map_array(*map, 64, "it");
    ASSERT_TRUE(page) << page.error().text;
    page->as<uint32_t>()[15] = 42;
    uint32_t value[16] = {};
    const uint32_t zero = 0;
    EXPECT_EQ(bpf_map_lookup_elem(map->get(), &zero, value), 0);
    EXPECT_EQ(value[15], 42u);
    const auto plain = map_array(make_map(abi_map), sizeof(abi_record), "/x/abi");
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().text.rfind("cannot map /x/abi: ", 0), 0u) << plain.error().text;
}

TEST_F(PinsTest, AFrozenArrayIsToldAsSuch) {
    make_pin(mappable, "mappable");
    const auto map = open_map(below("mappable"), mappable, Access::write);
    ASSERT_TRUE(map);
    ASSERT_TRUE(freeze(below("mappable"))) << std::strerror(errno);
    EXPECT_TRUE(is_frozen(map->get()));
    const auto page = map_array(*map, 64, below("mappable"));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().text, below("mappable") + " is frozen: a member of its group did that");
    EXPECT_EQ(page.error().hint, "sudo ebpf-load --xdp IFACE   (any load puts a new one there)");
}

TEST(PinsAbsent, IsFrozenOfOtherThings) {
    EXPECT_FALSE(is_frozen(-1));
    EXPECT_FALSE(is_frozen(STDIN_FILENO));
}

class PinsAbi : public PinsTest {
protected:
    void SetUp() override {
        PinsTest::SetUp();
        if (!IsSkipped())
            map_ = make_pin(abi_map, "abi");
    }
    Result<abi_record> with(uint32_t magic, uint32_t version) const {
        abi_record abi{};
        abi.magic = magic;
        abi.version = version;
        abi.readers = 5;
        const __u32 zero = 0;
        EXPECT_EQ(bpf_map_update_elem(map_.get(), &zero, &abi, BPF_ANY), 0);
        return pins().abi();
    }

private:
    Fd map_;
};

TEST_F(PinsAbi, OfThisLayout) {
    const auto abi = with(LAYOUT_MAGIC, LAYOUT_VERSION);
    ASSERT_TRUE(abi) << abi.error().text;
    EXPECT_EQ(abi->readers, 5u);
}

TEST_F(PinsAbi, OfAnotherLayout) {
    for (uint32_t version : {0u, LAYOUT_VERSION + 1u, ~0u}) {
        const auto abi = with(LAYOUT_MAGIC, version);
        ASSERT_FALSE(abi);
        EXPECT_EQ(abi.error().text, below("abi") + " has layout " + std::to_string(version) +
                                        ", this program has " + std::to_string(LAYOUT_VERSION));
        EXPECT_EQ(abi.error().hint,
                  "sudo ebpf-load --unload --pin-root " + root() + "   (then load again)");
        EXPECT_EQ(abi.error().exit, Exit::failed);
    }
}

TEST_F(PinsAbi, OfSomebodyElse) {
    const auto abi = with(0x12345678, LAYOUT_VERSION);
    ASSERT_FALSE(abi);
    EXPECT_EQ(abi.error().exit, Exit::failed);
    EXPECT_EQ(
        abi.error().text.find("has layout 1, this program has " + std::to_string(LAYOUT_VERSION)),
        std::string::npos)
        << abi.error().text;
}

TEST_F(PinsTest, AbiOfAnotherShape) {
    MapSpec shorter = abi_map;
    shorter.value_size -= 8;
    make_pin(shorter, "abi");
    const auto abi = pins().abi();
    ASSERT_FALSE(abi);
    EXPECT_EQ(abi.error().text,
              below("abi") + " is no map of layout " + std::to_string(LAYOUT_VERSION));
}

TEST(PinsAbsent, NoAbi) {
    for (const Pins &none : {Pins("/tmp"), Pins("/nonexistent"), Pins("/dev/null")}) {
        const auto abi = none.abi();
        ASSERT_FALSE(abi);
        EXPECT_EQ(abi.error().exit, Exit::not_loaded);
        EXPECT_EQ(abi.error().text, not_loaded(none.root()).text);
    }
}

// A map of another shape below a pin root: the hint names that root.
TEST_F(PinsTest, TheRemedyNamesTheRoot) {
    MapSpec shorter = hooks_map;
    shorter.entries = 3;
    ASSERT_EQ(mkdir(below("maps").c_str(), 0750), 0);
    make_pin(shorter, "maps/hooks");
    const auto refused = pins().open(hooks_map, Access::read);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().hint,
              "sudo ebpf-load --unload --pin-root " + root() + "   (then load again)");
}

// What a normal user, in the group or not, can open of a pin with root:GROUP 0640.
class PinsUser : public PinsTest {
protected:
    void SetUp() override {
        PinsTest::SetUp();
        if (IsSkipped())
            return;
        ASSERT_EQ(mkdir(below("maps").c_str(), 0750), 0);
        make_pin(sample, "maps/sample");
        own("maps/sample", group, 0640);
        own("maps", group, 0750);
    }
    void own(const std::string &name, gid_t gid, mode_t mode) const {
        EXPECT_EQ(chown(below(name).c_str(), 0, gid), 0);
        EXPECT_EQ(chmod(below(name).c_str(), mode), 0);
    }
    // Opens as a user of these groups; returns "" or the error with its hint.
    std::string open_as(const std::vector<gid_t> &groups, Access access) const {
        return run_child([&] {
                   if (setgroups(groups.size(), groups.data()) != 0 ||
                       setresgid(nobody, nobody, nobody) != 0 ||
                       setresuid(nobody, nobody, nobody) != 0)
                       return 1;
                   const auto map = open_map(below("maps/sample"), sample, access);
                   if (!map)
                       std::printf("%s\n%s\n%d", map.error().text.c_str(), map.error().hint.c_str(),
                                   static_cast<int>(map.error().exit));
                   std::fflush(stdout);
                   return 0;
               })
            .out;
    }
    std::string denied() const {
        return "cannot open " + below("maps/sample") + ": permission denied\n";
    }
    static constexpr gid_t group = 4'000'000'001; // without a name
};

TEST_F(PinsUser, OfTheGroupReads) {
    const std::string read = open_as({group}, Access::read);
    if (read.find("before Linux 5.19") != read.npos)
        GTEST_SKIP() << "this kernel asks CAP_BPF of everybody (before Linux 5.19)";
    EXPECT_EQ(read, "");
    EXPECT_EQ(open_as({group}, Access::write),
              denied() + "sudo usermod -aG 4000000001 \"$USER\"   (then log in again)\n77");
    own("maps/sample", group, 0660);
    EXPECT_EQ(open_as({group}, Access::write), "");
}

TEST_F(PinsUser, OfNoGroupIsToldWhichOne) {
    EXPECT_EQ(open_as({}, Access::read),
              denied() + "sudo usermod -aG 4000000001 \"$USER\"   (then log in again)\n77");
    own("maps", 0, 0750);
    const std::string nobodys = open_as({group}, Access::read);
    EXPECT_EQ(nobodys.rfind(denied() + "sudo ebpf-load ", 0), 0u) << nobodys;
    EXPECT_NE(nobodys.find(" --group ebpf   (only root may read now)\n77"), nobodys.npos);
}

TEST_F(PinsUser, ADirectoryThatIsClosedIsNoMissingLoad) {
    ASSERT_EQ(rename(below("maps/sample").c_str(), below("maps/abi").c_str()), 0);
    const Finished ran = run_child([&] {
        if (setgroups(0, nullptr) != 0 || setresuid(nobody, nobody, nobody) != 0)
            return 1;
        const auto abi = Pins(below("maps")).abi();
        std::printf("%s", abi ? "read" : abi.error().text.c_str());
        std::fflush(stdout);
        return abi ? 0 : static_cast<int>(abi.error().exit);
    });
    EXPECT_EQ(ran.out, "cannot open " + below("maps/abi") + ": permission denied");
    EXPECT_EQ(ran.status, static_cast<int>(Exit::not_permitted));
}

} // namespace
} // namespace pinpipe
