// SPDX-License-Identifier: MIT
#include "lib/base/options.h"

#include "tests/unit/support/arguments.h"
#include "tests/unit/support/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <ostream>

namespace pinpipe {
namespace {

enum : int { opt_count = own_options, opt_json, opt_host, opt_host_name, opt_quiet };

constexpr Option table[] = {
    {opt_count, "count", 'n', "N", "stop after N events"},
    {opt_json, "json", 0, nullptr, "as JSON"},
    {opt_host, "host", 0, "ADDR", "of this host"},
    {opt_host_name, "host-name", 0, nullptr, "with the name of the host"},
    {opt_quiet, "quiet", 'q', nullptr, "say less"},
};

const Usage usage = {.tool = "ebpf-x",
                     .synopsis = "ebpf-x [options] WHAT...",
                     .summary = "Do something.",
                     .options = table,
                     .closing = "The end."};

using Words = std::vector<std::string>;

// Returns options as "id=value", and operands unchanged.
std::string told(const Result<Parsed> &parsed) {
    if (!parsed)
        return "error: " + parsed.error().text;
    std::string text;
    for (const Parsed::Given &given : parsed->options)
        text += std::to_string(given.id - own_options) + "=" + given.value + " ";
    if (parsed->help)
        text += "help ";
    if (parsed->version)
        text += "version ";
    if (parsed->verbose)
        text += "verbose ";
    text += "|";
    for (const std::string &operand : parsed->operands)
        text += " " + operand;
    return text;
}

class Options : public testing::Test {
    Environment root_{"EBPF_PIN_ROOT", nullptr};
    Environment posix_{"POSIXLY_CORRECT", nullptr};
};

struct Line {
    Words words;
    const char *told;
};

void PrintTo(const Line &line, std::ostream *out) {
    for (const std::string &word : line.words)
        *out << "'" << word << "' ";
}

class OptionsLine : public Options, public testing::WithParamInterface<Line> {};

TEST_P(OptionsLine, IsParsed) {
    const auto parsed = parse_words(GetParam().words, usage);
    EXPECT_EQ(told(parsed), GetParam().told);
    if (!parsed) {
        EXPECT_EQ(parsed.error().exit, Exit::usage);
        EXPECT_EQ(parsed.error().hint, "ebpf-x --help");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Good, OptionsLine,
    testing::Values(Line{{}, "|"}, Line{{"icmp"}, "| icmp"}, Line{{"--json"}, "1= |"},
                    Line{{"--count", "5"}, "0=5 |"}, Line{{"--count=5"}, "0=5 |"},
                    Line{{"-n", "5"}, "0=5 |"}, Line{{"-n5"}, "0=5 |"}, Line{{"-n=5"}, "0==5 |"},
                    Line{{"-qn5"}, "4= 0=5 |"}, Line{{"-qn", "5"}, "4= 0=5 |"},
                    Line{{"-qqv"}, "4= 4= verbose |"}, Line{{"--count="}, "0= |"},
                    Line{{"--count", ""}, "0= |"}, Line{{"--count", "--json"}, "0=--json |"},
                    Line{{"-n", "-1"}, "0=-1 |"},
                    Line{{"--host", "::1", "--host=::2"}, "2=::1 2=::2 |"},
                    Line{{"--host-name", "--host", "a"}, "3= 2=a |"}, Line{{"-v"}, "verbose |"},
                    Line{{"--verbose", "--help", "--version"}, "help version verbose |"},
                    Line{{"--pin-root", "/x", "--json"}, "1= |"}));

INSTANTIATE_TEST_SUITE_P(Abbreviated, OptionsLine,
                         testing::Values(Line{{"--cou", "5"}, "0=5 |"}, Line{{"--c=5"}, "0=5 |"},
                                         Line{{"--js"}, "1= |"}, Line{{"--host-"}, "3= |"},
                                         Line{{"--verb"}, "verbose |"}, Line{{"--pin", "/x"}, "|"},
                                         Line{{"--hos", "a"}, "error: wrong option --hos"},
                                         Line{{"--h"}, "error: wrong option --h"},
                                         Line{{"--ver"}, "error: wrong option --ver"}));

INSTANTIATE_TEST_SUITE_P(
    Operands, OptionsLine,
    testing::Values(Line{{"a", "--json", "b", "-n", "5", "c"}, "1= 0=5 | a b c"},
                    Line{{"--", "--json", "-n"}, "| --json -n"},
                    Line{{"a", "--", "--json"}, "| a --json"}, Line{{"--json", "--"}, "1= |"},
                    Line{{"a", "--json", "--", "b", "--"}, "1= | a b --"}, Line{{"-"}, "| -"},
                    Line{{"-", "--json", "-"}, "1= | - -"}, Line{{"", "--json"}, "1= | "},
                    Line{{"--count", "--", "--json"}, "0=-- 1= |"}));

INSTANTIATE_TEST_SUITE_P(
    Wrong, OptionsLine,
    testing::Values(
        Line{{"--nonsense"}, "error: wrong option --nonsense"},
        Line{{"--nonsense=5"}, "error: wrong option --nonsense"},
        Line{{"a", "--nonsense", "b"}, "error: wrong option --nonsense"},
        Line{{"--json", "a", "--nonsense"}, "error: wrong option --nonsense"},
        Line{{"--json=5"}, "error: wrong option --json"}, Line{{"-x"}, "error: wrong option -x"},
        Line{{"-qx"}, "error: wrong option -x"}, Line{{"-xq"}, "error: wrong option -x"},
        Line{{"a", "-xq"}, "error: wrong option -x"}, Line{{"-5"}, "error: wrong option -5"},
        Line{{"--json", "-x"}, "error: wrong option -x"},
        Line{{"--json", "-xq"}, "error: wrong option -x"},
        Line{{"--json", "-qxq"}, "error: wrong option -x"},
        Line{{"--count"}, "error: --count needs an argument"},
        Line{{"a", "--count"}, "error: --count needs an argument"},
        Line{{"--pin-root"}, "error: --pin-root needs an argument"},
        Line{{"-n"}, "error: -n needs an argument"}, Line{{"-qn"}, "error: -n needs an argument"},
        Line{{"--json", "-n"}, "error: -n needs an argument"},
        Line{{"--json", "-qn"}, "error: -n needs an argument"}));

TEST_F(Options, TheLastValueCounts) {
    const auto parsed = parse_words({"-n1", "--json", "--count=2", "-n", "3"}, usage);
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(parsed->value(opt_count));
    EXPECT_EQ(*parsed->value(opt_count), "3");
    EXPECT_EQ(parsed->value(opt_host), nullptr);
    EXPECT_TRUE(parsed->has(opt_json));
    EXPECT_FALSE(parsed->has(opt_host_name));
}

TEST_F(Options, ASecondLineIsParsedAfresh) {
    EXPECT_EQ(told(parse_words({"-q", "a", "--", "b"}, usage)), "4= | a b");
    EXPECT_EQ(told(parse_words({"-qx"}, usage)), "error: wrong option -x");
    EXPECT_EQ(told(parse_words({"c", "-q"}, usage)), "4= | c");
}

std::string pin_root(const Words &words) {
    const auto parsed = parse_words(words, usage);
    return parsed ? parsed->pin_root : "error: " + parsed.error().text;
}

TEST_F(Options, PinRoot) {
    EXPECT_EQ(pin_root({}), "/run/ebpf");
    EXPECT_EQ(pin_root({"--pin-root", "/a"}), "/a");
    EXPECT_EQ(pin_root({"--pin-root=/a", "--pin-root=/b"}), "/b");
    EXPECT_EQ(pin_root({"--pin-root=/a/b///"}), "/a/b");
    EXPECT_EQ(pin_root({"--pin-root=/"}), "/");
    EXPECT_EQ(pin_root({"--pin-root=///"}), "/");
    EXPECT_EQ(pin_root({"--pin-root=a"}), "error: --pin-root needs an absolute path: a");
    EXPECT_EQ(pin_root({"--pin-root=./a"}), "error: --pin-root needs an absolute path: ./a");
}

TEST_F(Options, PinRootOfTheEnvironment) {
    const Environment set("EBPF_PIN_ROOT", "/env/");
    EXPECT_EQ(pin_root({}), "/env");
    EXPECT_EQ(pin_root({"--pin-root=/a"}), "/a");
    const Environment relative("EBPF_PIN_ROOT", "env");
    EXPECT_EQ(pin_root({}), "error: --pin-root needs an absolute path: env");
    EXPECT_EQ(pin_root({"--pin-root=/a"}), "/a");
    const Environment empty("EBPF_PIN_ROOT", "");
    EXPECT_EQ(pin_root({}), "/run/ebpf");
}

// `--pin-root "$UNSET"` must not mean the default pin root.
TEST_F(Options, AnEmptyPinRootIsNotTheDefault) {
    EXPECT_EQ(pin_root({"--pin-root", ""}).substr(0, 38), "error: --pin-root needs an absolute pa");
    EXPECT_EQ(pin_root({"--pin-root="}).substr(0, 38), "error: --pin-root needs an absolute pa");
}

TEST_F(Options, HelpHasEveryOption) {
    const std::string text = help_text(usage);
    EXPECT_EQ(text.substr(0, 31), "usage: ebpf-x [options] WHAT...");
    EXPECT_NE(text.find("\nDo something.\n"), text.npos);
    EXPECT_TRUE(text.ends_with("\n\nThe end.\n"));
    for (const char *line :
         {"\n  -n, --count N               stop after N events\n",
          "\n      --json                  as JSON\n",
          "\n      --host ADDR             of this host\n",
          "\n      --host-name             with the name of the host\n",
          "\n  -q, --quiet                 say less\n", "\n      --pin-root DIR          where",
          "\n  -v, --verbose               say more", "\n  -h, --help                  print",
          "\n  -V, --version               print"})
        EXPECT_NE(text.find(line), text.npos) << line << "in\n" << text;
}

TEST_F(Options, HelpOfALongOption) {
    constexpr Option wide[] = {
        {opt_host, "a-rather-long-option", 0, "ARGUMENT[,ARGUMENT]", "does much"}};
    const Usage wider = {"ebpf-x", "ebpf-x", "Do.", wide, ""};
    const std::string text = help_text(wider);
    EXPECT_NE(text.find("      --a-rather-long-option ARGUMENT[,ARGUMENT]  does much\n"),
              text.npos);
    EXPECT_TRUE(text.ends_with("print the version and exit\n")) << "no closing, no empty line";
}

int answer(const Words &words) {
    const auto parsed = parse_words(words, usage);
    const auto answered = answer_common(*parsed, usage);
    return answered ? (*answered ? 10 : 11) : static_cast<int>(answered.error().exit);
}

TEST_F(Options, HelpAndVersionAreAnswered) {
    const Finished help = run_child([] { return answer({"--help"}); });
    EXPECT_EQ(help.status, 10);
    EXPECT_EQ(help.out, help_text(usage));
    const Finished version = run_child([] { return answer({"--version"}); });
    EXPECT_EQ(version.status, 10);
    EXPECT_EQ(version.out.substr(0, 17), "ebpf-x (pinpipe) ");
    EXPECT_EQ(version.out.find('\n'), version.out.size() - 1);
    const Finished neither = run_child([] { return answer({"--json"}); });
    EXPECT_EQ(neither.status, 11);
    EXPECT_EQ(neither.out + neither.err + help.err + version.err, "");
}

TEST_F(Options, AnAnswerThatCannotBeWrittenIsAnError) {
    const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    Child child([] { return answer({"--help"}); }, full.get());
    EXPECT_EQ(child.wait(), static_cast<int>(Exit::output));
}

TEST(ParseNumber, Good) {
    const std::tuple<const char *, unsigned long, unsigned long, unsigned long> numbers[] = {
        {"0", 0, 0, 0},
        {"1", 1, 32, 1},
        {"32", 1, 32, 32},
        {"007", 0, 10, 7},
        {"18446744073709551615", 0, ~0UL, ~0UL},
    };
    for (const auto &[text, least, most, number] : numbers) {
        const auto parsed = parse_number("--x", text, least, most);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, number);
    }
}

TEST(ParseNumber, Bad) {
    for (const char *text : {"", " ", "-1", "+1", "0", "33", " 1", "1 ", "1.0", "1e1", "0x10",
                             "one", "1,000", "18446744073709551616", "99999999999999999999999"}) {
        const auto parsed = parse_number("--readers", text, 1, 32);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().text,
                  std::string("--readers takes a whole number from 1 to 32, not '") + text + "'");
        EXPECT_EQ(parsed.error().exit, Exit::usage);
    }
}

TEST(ParseSeconds, Good) {
    const std::pair<const char *, long long> times[] = {
        {"1", 1'000'000'000},      {"0.001", 1'000'000},         {"0.5", 500'000'000},
        {".5", 500'000'000},       {"1.25", 1'250'000'000},      {"1e-3", 1'000'000},
        {"1e3", 1000'000'000'000}, {"86400", 86400'000'000'000}, {"31622400", 31622400'000'000'000},
    };
    for (const auto &[text, nanoseconds] : times) {
        const auto parsed = parse_seconds("-t", text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, nanoseconds) << text;
    }
}

TEST(ParseSeconds, Bad) {
    for (const char *text :
         {"",      "0",   "-1",  "+1",   " 1",       "1 ",  "1s",  "0.0009", "1e-4", "31622401",
          "1e400", "inf", "nan", "-nan", "infinity", "0x1", "1,5", "1.5.5",  "e3",   "."}) {
        const auto parsed = parse_seconds("-t", text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().text,
                  std::string("-t takes seconds, from 0.001 to a year, not '") + text + "'");
        EXPECT_EQ(parsed.error().exit, Exit::usage);
    }
}

} // namespace
} // namespace pinpipe
