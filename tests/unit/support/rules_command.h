// SPDX-License-Identifier: MIT
// Runs of ebpf-ctl that change rules: as another user, for a cgroup that is not there, in vain.
#pragma once

#include "lib/system/cgroup.h"
#include "tests/unit/support/rules.h"

#include <grp.h>

namespace pinpipe::ctl {

// The path of a new, empty executable file, which the test removes.
inline std::string new_executable() {
    char path[] = "/tmp/pinpipe-unit-XXXXXX";
    { const Fd file(mkstemp(path)); }
    chmod(path, 0755);
    return path;
}

class RulesCommand : public RulesTest {
protected:
    // Runs ebpf-ctl as a normal user of these groups.
    Finished as_user(const std::vector<gid_t> &groups,
                     const std::vector<std::string> &words) const {
        return run_child([&] {
            constexpr gid_t nobody = 65534;
            if (setgroups(groups.size(), groups.data()) != 0 ||
                setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0)
                return 125;
            std::vector<std::string> all = {"--pin-root", root()};
            all.insert(all.end(), words.begin(), words.end());
            Arguments arguments(all);
            const auto done = run(arguments.argc(), arguments.argv());
            return done ? 0 : report("ebpf-ctl", done.error());
        });
    }
    // Sets the modes of the maps as the loader does.
    void give(gid_t readers, gid_t admins) const {
        own(below("abi"), readers, 0640);
        own(below("maps"), readers, 0750);
        own(below("admin"), admins, 0750);
        for (const MapSpec *spec : admin_maps) {
            own(below(spec->path), readers, spec->mode);
            own(pins().admin(*spec), admins, admin_mode);
        }
    }
    static void own(const std::string &path, gid_t group, mode_t mode) {
        EXPECT_EQ(chown(path.c_str(), 0, group), 0);
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
    }
    // The directory of a cgroup that does not exist.
    static std::string nowhere() { return cgroup_mount() + "/pp-none"; }
    // Runs it, and expects the remark that a rule waits for that cgroup.
    void waiting(const std::vector<std::string> &words, const std::string &input = "") const {
        const Finished ran = ctl(words, input);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.err,
                  "ebpf-ctl: " + nowhere() + " is not there yet: the rule holds once it is made\n");
    }
    std::string error(const std::vector<std::string> &words, int status) const {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, status) << ran.err;
        EXPECT_EQ(ran.out, "");
        return ran.err.substr(0, ran.err.find('\n'));
    }
};

} // namespace pinpipe::ctl
