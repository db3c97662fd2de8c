// SPDX-License-Identifier: MIT
// Runs of ebpf-ctl watch, unwatch and watches: output, exit status, and the watches afterwards.
#include "tests/unit/support/arguments.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/json.h"
#include "tests/unit/support/watches.h"
#include "tools/ctl/command_line.h"

#include <grp.h>

namespace pinpipe::ctl {
namespace {

class WatchCommand : public WatchesTest {
protected:
    void SetUp() override {
        WatchesTest::SetUp();
        if (IsSkipped())
            return;
        hook_record record{};
        record.kind = HOOK_XDP;
        std::strcpy(record.name, "test0");
        ASSERT_TRUE(layout().set_hook(3, record));
        give_probes();
    }
    Finished ctl(std::vector<std::string> words) const {
        words.insert(words.begin(), {"--pin-root", root()});
        return run_child([&] { return run_words(words); });
    }
    // Runs ebpf-ctl as a normal user of these groups.
    Finished as_user(const std::vector<gid_t> &groups, std::vector<std::string> words) const {
        words.insert(words.begin(), {"--pin-root", root()});
        return run_child([&] {
            constexpr gid_t nobody = 65534;
            if (setgroups(groups.size(), groups.data()) != 0 ||
                setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0)
                return 125;
            return run_words(words);
        });
    }
    void quietly(const std::vector<std::string> &words) const {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.err, "");
    }
    std::string error(const std::vector<std::string> &words, int status) const {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, status) << ran.err;
        EXPECT_EQ(ran.out, "");
        return ran.err;
    }
    void give(gid_t readers, gid_t admins) {
        loader::Settings settings;
        settings.group = readers;
        settings.admins = admins;
        auto changed = loader::Layout::open(pins(), settings);
        ASSERT_TRUE(changed);
        Undo undo;
        ASSERT_TRUE(changed->protect(pins(), undo));
        undo.keep();
    }

private:
    static int run_words(const std::vector<std::string> &words) {
        Arguments arguments(words);
        const auto done = run(arguments.argc(), arguments.argv());
        return done ? 0 : report("ebpf-ctl", done.error());
    }
};

TEST_F(WatchCommand, WatchAndUnwatch) {
    EXPECT_EQ(ctl({"watches"}).out, "nothing is watched\n");
    EXPECT_EQ(ctl({"watches", "--json"}).out, "{\"watches\":[]}\n");
    quietly({"watch", "5050"});
    quietly({"watch", "5051-5060/both"});
    quietly({"watch", "53/udp", "custom_server"});
    EXPECT_EQ(ctl({"watches"}).out, "port           process        state\n"
                                    "53/udp         custom_server  waiting\n"
                                    "5050-5060/tcp  any            counting\n"
                                    "5051-5060/udp  any            counting\n");
    quietly({"unwatch", "5055/both"});
    quietly({"unwatch", "53/udp", "custom_server"});
    EXPECT_EQ(ctl({"watches"}).out, "port           process  state\n"
                                    "5050-5054/tcp  any      counting\n"
                                    "5051-5054/udp  any      counting\n"
                                    "5056-5060/tcp  any      counting\n"
                                    "5056-5060/udp  any      counting\n");
    quietly({"unwatch", "--all"});
    EXPECT_EQ(ctl({"watches"}).out, "nothing is watched\n");
    EXPECT_EQ(watching().ports, 0u);
}

TEST_F(WatchCommand, WhatIsSoAlreadyIsUnchanged) {
    quietly({"watch", "80-90"});
    const uint64_t changes = watching().changes;
    EXPECT_EQ(error({"watch", "80-90/tcp"}, 0), "ebpf-ctl: unchanged: 80-90/tcp is watched\n");
    EXPECT_EQ(watching().changes, changes);
    quietly({"watch", "80", "app"});
    EXPECT_EQ(error({"watch", "80", "app"}, 0),
              "ebpf-ctl: unchanged: 80/tcp is watched while app has it\n");
}

TEST_F(WatchCommand, WhatIsNotThereCannotBeUnwatched) {
    EXPECT_EQ(error({"unwatch", "--all"}, 1), "ebpf-ctl: nothing is watched\n");
    EXPECT_EQ(error({"unwatch", "80"}, 1), "ebpf-ctl: 80/tcp is not watched\n");
    quietly({"watch", "80", "my app"});
    EXPECT_EQ(error({"unwatch", "80-81"}, 1),
              "ebpf-ctl: 80-81/tcp is watched only for certain processes\n"
              "hint: ebpf-ctl unwatch 80-81/tcp $'my app' --pin-root " +
                  root() + "\n");
    EXPECT_EQ(error({"unwatch", "80", "other"}, 1), "ebpf-ctl: 80/tcp is not watched for other\n");
    EXPECT_EQ(error({"unwatch", "80/udp"}, 1), "ebpf-ctl: 80/udp is not watched\n");
}

TEST_F(WatchCommand, WrongUsage) {
    for (const std::vector<std::string> &words :
         std::vector<std::vector<std::string>>{{"watch"},
                                               {"watch", "0"},
                                               {"watch", "65536"},
                                               {"watch", "90-80"},
                                               {"watch", "x"},
                                               {"watch", "80/icmp"},
                                               {"watch", "80", "sixteen bytes!!!"},
                                               {"watch", "80", "a/b"},
                                               {"watch", "80", "pid:x"},
                                               {"watch", "80", ""},
                                               {"watch", "80", "a", "b"},
                                               {"watch", "--all"},
                                               {"unwatch"},
                                               {"unwatch", "0"},
                                               {"unwatch", "80", "a/b"},
                                               {"unwatch", "--all", "80"},
                                               {"watches", "80"},
                                               {"watches", "--all"}}) {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_EQ(ran.err.rfind("ebpf-ctl: ", 0), 0u);
    }
    EXPECT_EQ(error({"watch", "80", "/nonexistent"}, 1),
              "ebpf-ctl: cannot find executable /nonexistent: no such file or directory\n");
    EXPECT_EQ(error({"watch", "80", "pid:2147483647"}, 1), "ebpf-ctl: no process 2147483647\n");
    EXPECT_EQ(watching().changes, 0u) << "nothing was changed";
}

TEST_F(WatchCommand, NotLoaded) {
    unlink(below(admin_bound_path).c_str());
    EXPECT_EQ(error({"watch", "80", "app"}, 69),
              "ebpf-ctl: not loaded: run: sudo ebpf-load --sockets --pin-root " + root() + "\n");
    ASSERT_EQ(unlink(below("abi").c_str()), 0);
    for (const std::vector<std::string> &words : std::vector<std::vector<std::string>>{
             {"watch", "80"}, {"unwatch", "80"}, {"unwatch", "--all"}, {"watches"}})
        EXPECT_EQ(error(words, 69),
                  "ebpf-ctl: not loaded: run: sudo ebpf-load --xdp IFACE --pin-root " + root() +
                      "\n");
}

TEST_F(WatchCommand, NothingCountsWithoutAnInterface) {
    ASSERT_TRUE(layout().set_hook(3, {}));
    EXPECT_EQ(error({"watch", "80"}, 0),
              "ebpf-ctl: nothing counts yet: no interface is loaded\nhint: sudo ebpf-load --xdp "
              "IFACE --pin-root " +
                  root() + "\n");
    EXPECT_EQ(ctl({"watches"}).out, "port    process  state\n80/tcp  any      waiting\n");
}

TEST_F(WatchCommand, GroupsDoWhatTheyMay) {
    constexpr gid_t readers = 60690, admins = 60691;
    give(readers, admins);
    quietly({"watch", "80"});
    const std::string list = "port    process  state\n80/tcp  any      counting\n";
    EXPECT_EQ(as_user({readers}, {"watches"}).out, list);
    const Finished denied = as_user({readers}, {"watch", "81"});
    EXPECT_EQ(denied.status, 77);
    EXPECT_EQ(denied.err, "ebpf-ctl: cannot open " + below("admin/watching") +
                              ": permission denied\nhint: sudo usermod -aG 60691 \"$USER\"   (then "
                              "log in again)\n");
    EXPECT_EQ(as_user({readers}, {"unwatch", "--all"}).status, 77);
    EXPECT_EQ(as_user({admins}, {"watches"}).out, list);
    EXPECT_EQ(as_user({admins}, {"unwatch", "80"}).status, 0);
    EXPECT_EQ(as_user({admins}, {"watch", "81", "app"}).status, 0);
    EXPECT_EQ(as_user({}, {"watches"}).status, 77);
    EXPECT_EQ(as_user({}, {"watch", "82"}).status, 77);
    give(readers, 0);
    EXPECT_EQ(as_user({readers}, {"watch", "82"}).err,
              "ebpf-ctl: cannot open " + below("admin/watching") +
                  ": permission denied\nhint: sudo ebpf-load --xdp IFACE --admin-group ebpf-admin "
                  "--pin-root " +
                  root() + "   (only root may change watches now)\n");
}

TEST_F(WatchCommand, AProcessThatHasEndedIsTold) {
    std::string process;
    {
        const Child child([] {
            pause();
            return 0;
        });
        process = "pid:" + std::to_string(child.pid());
        quietly({"watch", "80", process});
        EXPECT_EQ(ctl({"watches"}).out.find("(!)"), std::string::npos);
    }
    const std::string text = ctl({"watches"}).out;
    EXPECT_NE(text.find("(!) " + process + ": this process has ended\n"), std::string::npos)
        << text;
    const auto json = parse_json(ctl({"watches", "--json"}).out);
    EXPECT_FALSE(json["watches"][0]["current"].GetBool());
    quietly({"unwatch", "80", process});
}

TEST_F(WatchCommand, AnExecutable) {
    quietly({"watch", "80", "/bin/sh"});
    const auto json = parse_json(ctl({"watches", "--json"}).out);
    EXPECT_STREQ(json["watches"][0]["process"].GetString(), "/bin/sh");
    EXPECT_STREQ(json["watches"][0]["kind"].GetString(), "exe");
    EXPECT_TRUE(json["watches"][0]["current"].GetBool());
}

} // namespace
} // namespace pinpipe::ctl
