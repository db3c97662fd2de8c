// SPDX-License-Identifier: MIT
#include "tools/loader/lockdown.h"

#include <gtest/gtest.h>

namespace pinpipe::loader {
namespace {

using Answer = SecurityFile::Answer;

struct Case {
    SecurityFile file;
    State state;
    const char *value;
};

class Lockdown : public testing::TestWithParam<Case> {};

TEST_P(Lockdown, IsWhatTheFileSays) {
    const Finding finding = lockdown_finding(GetParam().file);
    EXPECT_EQ(finding.name, "lockdown");
    EXPECT_EQ(finding.state, GetParam().state);
    EXPECT_EQ(finding.value, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Lockdown,
    testing::Values(Case{{Answer::read, "[none] integrity confidentiality"}, State::ok, "none"},
                    Case{
                        {Answer::read, "none [integrity] confidentiality"}, State::ok, "integrity"},
                    Case{{Answer::read, "none integrity [confidentiality]"},
                         State::no,
                         "confidentiality: kprobe and fentry programs may not read the kernel"},
                    Case{{Answer::read, "]x["}, State::unknown, "unexpected text: ]x["},
                    Case{{Answer::read, ""}, State::unknown, "unexpected text: "},
                    Case{{Answer::absent, ""}, State::ok, "none: this kernel has no lockdown"},
                    Case{{Answer::not_permitted, ""}, State::unknown, "run as root"},
                    Case{{Answer::no_securityfs, ""},
                         State::unknown,
                         "this kernel has no securityfs, which has the state"}));

} // namespace
} // namespace pinpipe::loader
