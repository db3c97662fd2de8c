// SPDX-License-Identifier: MIT
// Cgroups in the kernel's maps: their paths, and which of them exist.
#include "tools/ctl/rule_scopes.h"

#include "lib/system/cgroup.h"
#include "tests/unit/support/rule_edits.h"

#include <map>
#include <sys/stat.h>

namespace pinpipe::ctl {
namespace {

class RuleScopes : public RulesEdit {
protected:
    using Ids = std::map<uint64_t, uint64_t>;

    Ids ids() const {
        const RuleMaps maps = reader();
        const auto all = *read_all<uint64_t, uint64_t>(maps.map(scope_ids_map), "scope_ids");
        return {all.begin(), all.end()};
    }
    static Change in(const std::string &cgroup, const std::string &process = "app") {
        Change change = to(process, {"80"});
        change.cgroup = cgroup;
        return change;
    }
    uint64_t number(const std::string &cgroup) const { return reader().scope(cgroup)->value_or(0); }
};

TEST_F(RuleScopes, APathHasANumber) {
    ASSERT_TRUE(edit({in("/pp-a"), in("/pp-b"), in("/pp-a", "other")}));
    EXPECT_EQ(scopes(), 2u);
    EXPECT_NE(number("/pp-a"), number("/pp-b"));
    EXPECT_EQ(subjects(), 3u);
    subject_key key = find_process("other")->key;
    key.scope = number("/pp-a");
    EXPECT_TRUE(reader().find(key)->has_value()) << "as kernel programs look for it";
    EXPECT_TRUE(ids().empty()) << "they wait";
    ASSERT_TRUE(edit({in("/pp-a")}));
    EXPECT_EQ(subjects(), 3u) << "the same one";
    EXPECT_EQ(number(""), 0u);
}

TEST_F(RuleScopes, GoWithTheirLastRule) {
    ASSERT_TRUE(edit({in("/pp-a"), in("/pp-a", "other"), in("/pp-b")}));
    put(scope_ids_map, uint64_t{77}, number("/pp-a"));
    put(scope_ids_map, uint64_t{78}, number("/pp-b"));
    Change gone = in("/pp-a");
    gone.after.reset();
    ASSERT_TRUE(edit({gone}));
    EXPECT_EQ(scopes(), 2u);
    gone = in("/pp-a", "other");
    gone.after.reset();
    const uint64_t stays = number("/pp-b");
    ASSERT_TRUE(edit({gone}));
    EXPECT_EQ(scopes(), 1u);
    EXPECT_EQ(ids(), (Ids{{78, stays}}));
    ASSERT_TRUE(apply(""));
    EXPECT_EQ(scopes(), 0u);
    EXPECT_TRUE(ids().empty());
}

TEST_F(RuleScopes, KeepTheirNumberWhenAllRulesAreReplaced) {
    const std::string a = "allow 80 app cgroup=pp-a\n", b = "allow 80 app cgroup=pp-b\n";
    ASSERT_TRUE(apply(a));
    const uint64_t was = number("/pp-a");
    ASSERT_TRUE(apply(b + a));
    EXPECT_EQ(number("/pp-a"), was);
    ASSERT_TRUE(apply(b));
    EXPECT_EQ(scopes(), 1u);
    EXPECT_NE(number("/pp-b"), was);
}

TEST_F(RuleScopes, AFailedChangeLeavesNone) {
    policy_record worn{};
    worn.next_set = UINT32_MAX;
    put(policy_map, __u32{0}, worn);
    EXPECT_FALSE(edit({in("/pp-a")}));
    EXPECT_EQ(scopes(), 0u);
    EXPECT_FALSE(apply("allow 80 app cgroup=pp-a\n"));
    EXPECT_EQ(scopes(), 0u);
    EXPECT_EQ(policy().changing, 0u);
}

TEST_F(RuleScopes, NoMoreThanFit) {
    std::vector<Change> many;
    for (unsigned i = 0; i < MAX_SCOPES; i++)
        many.push_back(in("/pp-" + std::to_string(i)));
    ASSERT_TRUE(edit(many));
    const auto refused = edit({in("/pp-more")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, below("admin/scopes") + " is full");
    EXPECT_EQ(scopes(), size_t{MAX_SCOPES});
    EXPECT_EQ(subjects(), size_t{MAX_SCOPES});
}

// The kernel is asked for no cgroup that is there already.
TEST_F(RuleScopes, AnExistingCgroupIsKnownAtOnce) {
    const std::string path = "/pinpipe-unit-" + std::to_string(getpid());
    const std::string directory = cgroup_mount() + path;
    ASSERT_TRUE(edit({in(path)}));
    EXPECT_TRUE(ids().empty());
    if (mkdir(directory.c_str(), 0755) != 0)
        GTEST_SKIP() << "no cgroup can be made";
    struct stat st {};
    EXPECT_EQ(stat(directory.c_str(), &st), 0);
    EXPECT_TRUE(edit({to("else", {"80"})}));
    EXPECT_EQ(ids(), (Ids{{st.st_ino, number(path)}})) << "any change finds it";
    const std::string shown = ctl({"rules"}).out, json = ctl({"rules", "--json"}).out;
    const std::string file = exported();
    rmdir(directory.c_str());
    EXPECT_EQ(shown.find("not there"), shown.npos) << shown;
    EXPECT_NE(json.find(R"("cgroup_present":true,"cgroup_id":")" + std::to_string(st.st_ino)),
              json.npos)
        << json;
    EXPECT_NE(ctl({"rules"}).out.find(directory + " (not there)"), std::string::npos);
    EXPECT_EQ(file, "allow 80/tcp app cgroup=" + directory + "\nallow 80/tcp else\n");
}

} // namespace
} // namespace pinpipe::ctl
