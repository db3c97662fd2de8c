// SPDX-License-Identifier: MIT
// Rules whose file or process is not there any more.
#include "tests/unit/support/rules_command.h"

namespace pinpipe::ctl {
namespace {

// An exchanged file and an ended process can be named by the text that the rule was made with.
TEST_F(RulesCommand, WhatIsGoneCanBeRevoked) {
    const std::string path = new_executable();
    quietly({"allow", "53/both", path});
    std::string pid;
    {
        const Child child([] {
            pause();
            return 0;
        });
        pid = "pid:" + std::to_string(child.pid());
        quietly({"allow", "53/both", pid});
    }
    ASSERT_EQ(unlink(path.c_str()), 0);
    EXPECT_EQ(exported().find("\nallow"), std::string::npos) << exported();
    EXPECT_NE(exported().find("# not there any more: allow 53/udp " + pid), std::string::npos);
    const std::string table = ctl({"rules"}).out;
    EXPECT_NE(table.find("(!) " + path + ": another file, or none"), table.npos);
    EXPECT_NE(table.find("(!) " + pid + ": this process has ended"), table.npos);
    quietly({"apply", "-"}, exported() + "allow 53/both app\n");
    EXPECT_EQ(subjects(), 1u) << "what is gone is no error of the file's";
    quietly({"apply", "-"}, "");
}

// The number belongs to another process by now, which gets no rule of the earlier one.
TEST_F(RulesCommand, NumbersAreNotInherited) {
    const std::string pid = "pid:" + std::to_string(getpid());
    quietly({"allow", "53/udp", pid});
    subject_key earlier = find_process(pid)->key;
    subject_record record = subject(pid);
    quietly({"allow", "54/udp", pid});
    earlier.id[1] -= 1'000'000'000;
    record.number += 1;
    text_record text{};
    pid.copy(text.text, sizeof text.text - 1);
    put(texts_map, record.number, text);
    put(subjects_map, earlier, record);
    EXPECT_EQ(exported(),
              "allow 53-54/udp " + pid + "\n# not there any more: allow 53/udp " + pid + "\n");
}

TEST_F(RulesCommand, RevokeByWhatWasWritten) {
    std::string pid;
    {
        const Child child([] {
            pause();
            return 0;
        });
        pid = "pid:" + std::to_string(child.pid());
        quietly({"allow", "53/both", pid});
    }
    quietly({"revoke", "53/tcp", pid});
    quietly({"revoke", "--all", pid});
    EXPECT_EQ(subjects(), 0u);
}

} // namespace
} // namespace pinpipe::ctl
