// SPDX-License-Identifier: MIT
// ebpf-ctl killed at each of its system calls that change maps: what is shown afterwards is what
// holds, and the same command again does what was asked for.
#include "lib/rules/remote_list.h"
#include "tests/unit/support/rule_edits.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

namespace pinpipe::ctl {
namespace {

// Whether a system call changes a map, waits for programs or opens an iterator: a process that is
// killed at another one leaves the same behind. Of deletions in a row, which remove a set of ports,
// two count.
class Counted {
public:
    bool operator()(const __ptrace_syscall_info &info) {
        const bool bpf = info.entry.nr == SYS_bpf;
        const auto command = info.entry.args[0];
        if (bpf && command == BPF_MAP_DELETE_ELEM)
            return ++deletions_ <= 2;
        const bool changes =
            bpf && (command == BPF_MAP_UPDATE_ELEM || command == BPF_MAP_UPDATE_BATCH ||
                    command == BPF_MAP_DELETE_BATCH);
        const bool waits = info.entry.nr == SYS_membarrier || info.entry.nr == SYS_openat;
        if (changes || waits)
            deletions_ = 0;
        return changes || waits;
    }

private:
    unsigned deletions_ = 0;
};

// Runs ebpf-ctl and kills it where it enters such a call for the Nth time.
class Killing {
public:
    Killing(const std::string &root, const std::vector<std::string> &words, unsigned at) {
        const pid_t child = fork();
        if (child == 0) {
            const Fd nothing(open("/dev/null", O_RDWR));
            for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
                dup2(nothing.get(), fd);
            if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
                _exit(125);
            raise(SIGSTOP);
            std::vector<std::string> all = {"--pin-root", root};
            all.insert(all.end(), words.begin(), words.end());
            Arguments arguments(all);
            const auto done = run(arguments.argc(), arguments.argv());
            _exit(done ? 0 : report("ebpf-ctl", done.error()));
        }
        int status = 0;
        waitpid(child, &status, 0);
        ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
        unsigned calls = 0;
        Counted counted;
        for (;;) {
            ptrace(PTRACE_SYSCALL, child, 0, 0);
            if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
                break;
            __ptrace_syscall_info info{};
            ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
            if (WSTOPSIG(status) != (SIGTRAP | 0x80) || info.op != PTRACE_SYSCALL_INFO_ENTRY ||
                !counted(info) || ++calls < at)
                continue;
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            break;
        }
        killed_ = WIFSIGNALED(status);
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    bool killed() const { return killed_; }
    int status() const { return status_; }

private:
    bool killed_ = false;
    int status_ = -1;
};

class RulesKilled : public RulesEdit {
protected:
    static constexpr const char *base = "allow 53/both stays\nallow 80 app\nallow 81 app\n"
                                        "allow 90 app cgroup=pp-none\n"
                                        "allow 70 app to=10.0.0.0/8,::1\nallow 71 app to=lan\n";

    static size_t count_prefixes(const RuleMaps &maps) {
        size_t count = 0;
        prefix_key key{};
        while (bpf_map_get_next_key(maps.map(prefixes_map).get(), count ? &key : nullptr, &key) ==
               0)
            count++;
        return count;
    }

    // The maps have no more and no less than what the rules that are shown need.
    void expect_whole(const std::string &where) const {
        const RuleMaps maps = reader();
        const policy_record policy = *maps.policy();
        const auto subjects = *maps.subjects();
        EXPECT_EQ(policy.changing, 0u) << where;
        EXPECT_EQ(policy.now % POLICY_STEP & ~uint64_t{POLICY_BANK | POLICY_AUDIT},
                  kinds_of(subjects, policy.now & POLICY_BANK))
            << where;
        std::set<uint32_t> wanted_sets, numbers;
        std::set<uint64_t> wanted_scopes = {0};
        std::set<std::string> wanted_lists = {""}, lists;
        const auto remotes = *maps.remotes();
        for (const auto &[number, list] : remotes)
            lists.insert(list);
        for (const auto &[key, record] : subjects) {
            EXPECT_EQ(key.bank, policy.now & POLICY_BANK) << where;
            wanted_sets.insert(record.set);
            numbers.insert(record.number);
            wanted_scopes.insert(key.scope);
            wanted_lists.merge(maps.ports(record.set)->lists());
        }
        wanted_sets.insert(policy.old); // until the next change
        wanted_sets.erase(0);
        EXPECT_EQ(sets(), wanted_sets) << where;
        EXPECT_EQ(texts(), numbers.size()) << where;
        EXPECT_EQ(scopes() + 1, wanted_scopes.size()) << where;
        EXPECT_EQ(lists, wanted_lists) << where;
        sieve_record sieve{};
        ASSERT_TRUE(read_element(maps.map(sieve_map), 0, sieve, "sieve"));
        for (const auto &[key, record] : subjects) {
            const uint32_t bit = sieve_bit(key.kind, key.id);
            EXPECT_TRUE(sieve.complete && sieve.bits[bit / 64] >> bit % 64 & 1) << where;
        }
        size_t prefixes = 0;
        for (const std::string &list : lists)
            prefixes += list.empty() ? 0 : prefixes_of(list).size();
        EXPECT_EQ(count_prefixes(maps), prefixes) << where;
    }

    void kill_everywhere(const std::vector<std::string> &words, const std::string &file = base) {
        ASSERT_TRUE(apply(file));
        const std::string before = exported();
        ASSERT_EQ(ctl(words).status, 0);
        const std::string after = exported();
        bool ended = false, fresh = false;
        unsigned mended = 0;
        for (unsigned at = 1; !ended && !HasFailure(); at++) {
            const std::string where = words[0] + " " + words[1] + " at call " + std::to_string(at);
            if (!fresh) {
                ASSERT_TRUE(apply(file));
            }
            const uint64_t was = policy().now;
            const Killing killing(root(), words, at);
            ended = !killing.killed();
            const bool cut_off = policy().changing;
            mended += cut_off;
            const std::string shown = exported();
            EXPECT_TRUE(shown == before || shown == after) << where << "\n" << shown;
            EXPECT_EQ(policy().changing, 0u) << where;
            fresh = policy().now == was; // nothing was written yet
            EXPECT_TRUE(!fresh || (!cut_off && shown == before)) << where << ": nobody was told";
            if (fresh)
                continue;
            expect_whole(where);
            if (shown != after) {
                EXPECT_EQ(ctl(words).status, 0) << where;
            }
            EXPECT_EQ(exported(), after) << where;
        }
        EXPECT_GT(mended, 0u);
    }
};

TEST_F(RulesKilled, Allow) {
    kill_everywhere({"allow", "53/udp", "new"});
    kill_everywhere({"allow", "82", "app"});
    kill_everywhere({"allow", "443", "/proc/self/exe"});
}

TEST_F(RulesKilled, AllowWithFlags) {
    kill_everywhere({"allow", "82", "app", "--children"});
    kill_everywhere({"allow", "none", "app", "--audit"});
}

TEST_F(RulesKilled, AllowAnyOfACgroup) {
    kill_everywhere({"allow", "443", "any", "--cgroup", "pp-other"});
}

TEST_F(RulesKilled, AllowWithLimits) {
    kill_everywhere({"allow", "443", "app", "--to", "internet"});
    kill_everywhere({"allow", "443", "any", "--user", "root"});
    kill_everywhere({"revoke", "71", "app", "--to", "lan"});
    kill_everywhere({"revoke", "70-71", "app"});
}

TEST_F(RulesKilled, Revoke) {
    kill_everywhere({"revoke", "80", "app"});
    kill_everywhere({"revoke", "--all", "stays"});
    kill_everywhere({"revoke", "90", "app", "--cgroup", "pp-none"});
}

TEST_F(RulesKilled, AuditAndChildren) {
    kill_everywhere({"audit", "on"});
    kill_everywhere({"audit", "on", "stays"});
    kill_everywhere({"children", "on", "stays"});
}

TEST_F(RulesKilled, Apply) {
    char path[] = "/tmp/pinpipe-unit-XXXXXX";
    const std::string file = "allow 54/udp stays\nallow 1 any cgroup=pp-other\naudit all\n"
                             "allow 70 app to=::1,10.0.0.0/8\nallow 1 a to=internet user=root\n";
    {
        const Fd to(mkstemp(path));
        ASSERT_EQ(write(to.get(), file.data(), file.size()), static_cast<ssize_t>(file.size()));
    }
    kill_everywhere({"apply", path});
    unlink(path);
}

// Somebody who may not write is told.
TEST_F(RulesKilled, IsToldToReaders) {
    ASSERT_TRUE(apply(base));
    {
        const auto maps = writer();
        std::atomic_ref<__u32>(maps.shared()->changing).store(1);
    }
    const std::string admin = below(admin_path);
    const Finished seen = run_child([&] {
        constexpr gid_t nobody = 65534;
        if (chown(below("abi").c_str(), 0, nobody) != 0 || chmod(below("abi").c_str(), 0640) != 0 ||
            chmod(admin.c_str(), 0700) != 0)
            return 125;
        for (const MapSpec *spec : admin_maps)
            if (chown(below(spec->path).c_str(), 0, nobody) != 0 ||
                chmod(below(spec->path).c_str(), 0640) != 0)
                return 125;
        if (chown(below("maps").c_str(), 0, nobody) != 0 || setgroups(0, nullptr) != 0 ||
            setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0)
            return 125;
        Arguments arguments({"--pin-root", root(), "rules"});
        const auto done = run(arguments.argc(), arguments.argv());
        return done ? 0 : report("ebpf-ctl", done.error());
    });
    if (seen.status == 77)
        GTEST_SKIP() << "maps cannot be read without privileges: " << seen.err;
    EXPECT_EQ(seen.status, 0) << seen.err;
    EXPECT_EQ(seen.err.rfind("ebpf-ctl: a change of rules was cut off, or takes long: ", 0), 0u)
        << seen.err;
    EXPECT_EQ(policy().changing, 1u);
    static_cast<void>(ctl({"status"})); // fails later: there is nothing else here
    EXPECT_EQ(policy().changing, 0u) << "root finished it";
}

// A change that is under way is left to whoever makes it.
TEST_F(RulesKilled, IsNotTakenOverFromTheLiving) {
    auto maps = writer();
    set_changing(maps, true);
    const uint64_t now = policy().now;
    const Finished shown = ctl({"rules"});
    EXPECT_EQ(shown.status, 0);
    EXPECT_EQ(shown.err, "");
    EXPECT_EQ(policy().changing, 1u);
    EXPECT_EQ(policy().now, now);
    EXPECT_TRUE(maps.confirm()) << "nor is the lock";
}

} // namespace
} // namespace pinpipe::ctl
