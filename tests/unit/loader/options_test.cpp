// SPDX-License-Identifier: MIT
#include "tools/loader/options.h"

#include "tests/unit/support/arguments.h"

#include <gtest/gtest.h>
#include <ostream>

namespace pinpipe::loader {
namespace {

using Words = std::vector<std::string>;

Result<Command> command_of(const Words &words) {
    const auto parsed = parse_words(words, usage);
    return parsed ? read_command(*parsed) : fail(parsed.error());
}

class LoaderOptions : public testing::Test {
protected:
    static Command good(const Words &words) {
        const auto command = command_of(words);
        EXPECT_TRUE(command) << command.error().text;
        return command.value_or(Command{});
    }

private:
    Environment root_{"EBPF_PIN_ROOT", nullptr};
    Environment posix_{"POSIXLY_CORRECT", nullptr};
};

TEST_F(LoaderOptions, OneInterface) {
    const Command command = good({"--xdp", "eth0"});
    EXPECT_EQ(command.action, Action::load);
    EXPECT_EQ(command.pin_root, "/run/ebpf");
    ASSERT_EQ(command.xdp.size(), 1u);
    EXPECT_EQ(command.xdp[0].interface, "eth0");
    EXPECT_EQ(command.xdp[0].mode, Mode::any);
    EXPECT_EQ(command.netns, "");
    EXPECT_FALSE(command.settings.readers || command.settings.ring_size || command.settings.group);
    EXPECT_FALSE(command.replace || command.json || command.verbose);
}

TEST_F(LoaderOptions, Everything) {
    const Command command = good({"--xdp=eth0:native", "--xdp", "eth1:generic", "--xdp=eth0.100",
                                  "--netns", "blue", "--replace", "--group", "0", "--readers=32",
                                  "--ring-size", "16384", "-v", "--pin-root=/x"});
    ASSERT_EQ(command.xdp.size(), 3u);
    EXPECT_EQ(command.xdp[0].interface, "eth0");
    EXPECT_EQ(command.xdp[0].mode, Mode::native);
    EXPECT_EQ(command.xdp[1].interface, "eth1");
    EXPECT_EQ(command.xdp[1].mode, Mode::generic);
    EXPECT_EQ(command.xdp[2].interface, "eth0.100");
    EXPECT_EQ(command.netns, "blue");
    EXPECT_EQ(command.settings.group, gid_t{0});
    EXPECT_EQ(command.settings.readers, 32u);
    EXPECT_EQ(command.settings.ring_size, 16384u);
    EXPECT_TRUE(command.replace && command.verbose);
    EXPECT_EQ(command.pin_root, "/x");
}

TEST_F(LoaderOptions, OtherActions) {
    EXPECT_EQ(good({"--unload"}).action, Action::unload);
    const Command some = good({"--unload", "--xdp", "eth0", "--netns", "blue"});
    EXPECT_EQ(some.action, Action::unload);
    EXPECT_EQ(some.xdp.at(0).interface, "eth0");
    EXPECT_EQ(good({"--check"}).action, Action::check);
    EXPECT_TRUE(good({"--json", "--check"}).json);
}

TEST_F(LoaderOptions, Cgroups) {
    const Command command = good({"--cgroup", "/a", "--cgroup=/b/c", "--admin-group", "12"});
    EXPECT_EQ(command.action, Action::load);
    EXPECT_EQ(command.cgroups, (Words{"/a", "/b/c"}));
    EXPECT_EQ(command.settings.admins, gid_t{12});
    EXPECT_FALSE(command.settings.group || command.sockets);
    const Command away = good({"--unload", "--cgroup", "4711"});
    EXPECT_EQ(away.action, Action::unload);
    EXPECT_EQ(away.cgroups, Words{"4711"});
}

TEST_F(LoaderOptions, Watches) {
    const Command command = good({"--watch", "5050:custom_server", "--watch=1-10/both"});
    EXPECT_EQ(command.action, Action::load);
    ASSERT_EQ(command.watches.size(), 2u);
    EXPECT_EQ(rule_text(command.watches[0].ports), "5050/tcp");
    EXPECT_EQ(command.watches[0].process, "custom_server");
    EXPECT_EQ(rule_text(command.watches[1].ports), "1-10/both");
    EXPECT_EQ(command.watches[1].process, "");
}

TEST_F(LoaderOptions, TheSameInterfaceTwiceIsOne) {
    EXPECT_EQ(good({"--xdp", "eth0", "--xdp", "eth0"}).xdp.size(), 1u);
    EXPECT_EQ(good({"--xdp", "a:native", "--xdp", "b", "--xdp", "a:native"}).xdp.size(), 2u);
}

TEST_F(LoaderOptions, RingSizes) {
    for (uint32_t size = least_ring_size; size <= most_ring_size; size *= 2)
        EXPECT_EQ(good({"--xdp", "a", "--ring-size", std::to_string(size)}).settings.ring_size,
                  size);
    EXPECT_FALSE(command_of({"--xdp", "a", "--ring-size", std::to_string(least_ring_size / 2)}));
    EXPECT_FALSE(command_of({"--xdp", "a", "--ring-size", std::to_string(most_ring_size * 2)}));
}

struct Wrong {
    Words words;
    const char *text;
};

void PrintTo(const Wrong &wrong, std::ostream *out) {
    for (const std::string &word : wrong.words)
        *out << "'" << word << "' ";
}

class LoaderOptionsWrong : public LoaderOptions, public testing::WithParamInterface<Wrong> {};

TEST_P(LoaderOptionsWrong, IsAUsageError) {
    const auto command = command_of(GetParam().words);
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().text, GetParam().text);
    EXPECT_EQ(command.error().exit, Exit::usage);
}

constexpr const char *with_loading =
    "--group, --admin-group, --readers, --ring-size and --replace go with loading";

constexpr const char *check_takes =
    "--check takes no --xdp, no --cgroup, no --sockets and no --netns";

INSTANTIATE_TEST_SUITE_P(
    Texts, LoaderOptionsWrong,
    testing::Values(
        Wrong{{}, "nothing to load: give --xdp IFACE, --cgroup DIR, --sockets or --watch PORT"},
        Wrong{{"--replace", "--group", "0"},
              "nothing to load: give --xdp IFACE, --cgroup DIR, --sockets or --watch PORT"},
        Wrong{{"--xdp", "eth0", "eth1"}, "unexpected argument 'eth1'"},
        Wrong{{"eth0"}, "unexpected argument 'eth0'"},
        Wrong{{"--xdp", ""}, "--xdp '': no name of an interface"},
        Wrong{{"--xdp", ":native"}, "--xdp ':native': no name of an interface"},
        Wrong{{"--xdp", "1234567890123456"}, "--xdp '1234567890123456': no name of an interface"},
        Wrong{{"--xdp", "eth0:skb"}, "--xdp eth0:skb: the mode is native or generic"},
        Wrong{{"--xdp", "eth0:"}, "--xdp eth0:: the mode is native or generic"},
        Wrong{{"--xdp", "eth0:Native"}, "--xdp eth0:Native: the mode is native or generic"},
        Wrong{{"--xdp", "eth0", "--xdp", "eth0:native"}, "--xdp eth0 is given in two modes"},
        Wrong{{"--xdp", "eth0:generic", "--xdp", "eth0:native"},
              "--xdp eth0 is given in two modes"},
        Wrong{{"--xdp", "a", "--netns", ""}, "--netns needs a name, a pid or a path"},
        Wrong{{"--xdp", "a", "--readers", "0"},
              "--readers takes a whole number from 1 to 32, not '0'"},
        Wrong{{"--xdp", "a", "--readers", "33"},
              "--readers takes a whole number from 1 to 32, not '33'"},
        Wrong{{"--xdp", "a", "--ring-size", "16383"},
              "--ring-size takes a whole number from 16384 to 268435456, not '16383'"},
        Wrong{{"--xdp", "a", "--ring-size", "20000"},
              "--ring-size takes a power of two, not 20000"},
        Wrong{{"--unload", "--check"}, "--unload and --check exclude each other"},
        Wrong{{"--check", "--unload"}, "--unload and --check exclude each other"},
        Wrong{{"--xdp", "a", "--json"}, "--json goes with --check"},
        Wrong{{"--unload", "--json"}, "--json goes with --check"},
        Wrong{{"--unload", "--replace"}, with_loading},
        Wrong{{"--unload", "--group", "0"}, with_loading},
        Wrong{{"--unload", "--readers", "4"}, with_loading},
        Wrong{{"--check", "--ring-size", "16384"}, with_loading},
        Wrong{{"--unload", "--admin-group", "0"}, with_loading},
        Wrong{{"--cgroup", ""}, "--cgroup needs a directory"},
        Wrong{{"--cgroup"}, "--cgroup needs an argument"},
        Wrong{{"--cgroup", "/c", "--payload", "1"}, "--payload goes with loading --sockets"},
        Wrong{{"--check", "--xdp", "eth0"}, check_takes},
        Wrong{{"--check", "--cgroup", "/c"}, check_takes},
        Wrong{{"--check", "--netns", "blue"}, check_takes},
        Wrong{{"--unload", "--netns", "blue"}, "--unload --netns needs --xdp IFACE"},
        Wrong{{"--unload", "--watch", "80"}, "--watch goes with loading"},
        Wrong{{"--check", "--watch", "80"}, "--watch goes with loading"},
        Wrong{{"--watch", "0"}, "a port takes a whole number from 1 to 65535, not '0'"},
        Wrong{{"--watch", "80:"}, "no process: a name, an absolute path or pid:N is needed"},
        Wrong{{"--nonsense"}, "wrong option --nonsense"},
        Wrong{{"--xdp"}, "--xdp needs an argument"}));

TEST_F(LoaderOptions, AMissingGroupIsNoMatterOfUsage) {
    const auto command = command_of({"--xdp", "a", "--group", "no-such-group"});
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().text, "no group no-such-group");
    EXPECT_EQ(command.error().hint, "sudo groupadd --system no-such-group");
    EXPECT_EQ(command.error().exit, Exit::failed);
}

TEST_F(LoaderOptions, NorIsAMissingGroupOfAdmins) {
    const auto command = command_of({"--cgroup", "/c", "--admin-group", "no-such-group"});
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().text, "no group no-such-group");
    EXPECT_EQ(command.error().exit, Exit::failed);
}

TEST_F(LoaderOptions, HelpHasEveryOption) {
    const std::string text = help_text(usage);
    EXPECT_EQ(text.rfind("usage: ebpf-load ", 0), 0u);
    for (const Option &option : usage.options)
        EXPECT_NE(text.find(std::string("--") + option.name + (option.argument ? " " : "  ")),
                  text.npos)
            << option.name;
}

// The defaults that --help prints are those of the layout.
TEST_F(LoaderOptions, HelpTellsTheDefaults) {
    const std::string text = help_text(usage);
    EXPECT_NE(text.find("(default " + std::to_string(default_readers) + ")"), text.npos);
    EXPECT_NE(text.find("(default " + std::to_string(default_ring_size) + ")"), text.npos);
    EXPECT_NE(text.find("1 to " + std::to_string(MAX_READERS)), text.npos);
}

} // namespace
} // namespace pinpipe::loader
