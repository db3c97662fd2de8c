// SPDX-License-Identifier: MIT
// A pin root with the maps of the rules on a private bpffs, and ebpf-ctl run against it.
#pragma once

#include "tests/unit/support/arguments.h"
#include "tests/unit/support/bpffs.h"
#include "tests/unit/support/child.h"
#include "tools/ctl/command_line.h"
#include "tools/ctl/pinned_rules.h"
#include "tools/ctl/policy_file.h"
#include "tools/ctl/rule_steps.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace pinpipe::ctl {

// Runs ebpf-ctl with these arguments and a pin root.
inline Finished run_ctl(const std::string &root, std::vector<std::string> words,
                        const std::string &input) {
    words.insert(words.begin(), {"--pin-root", root});
    return run_child([&] {
        const Fd in(memfd_create("input", 0));
        if (write(in.get(), input.data(), input.size()) < 0 || lseek(in.get(), 0, SEEK_SET) ||
            dup2(in.get(), STDIN_FILENO) < 0)
            return 125;
        Arguments arguments(words);
        const auto done = run(arguments.argc(), arguments.argv());
        return done ? 0 : report("ebpf-ctl", done.error());
    });
}

class RulesTest : public BpffsTest {
protected:
    void SetUp() override {
        BpffsTest::SetUp();
        if (IsSkipped())
            return;
        abi_record abi{};
        abi.magic = LAYOUT_MAGIC;
        abi.version = LAYOUT_VERSION;
        const __u32 zero = 0;
        abi_ = make_pin(abi_map, "abi");
        ASSERT_EQ(bpf_map_update_elem(abi_.get(), &zero, &abi, BPF_ANY), 0);
        ASSERT_EQ(mkdir(below("maps").c_str(), 0750), 0);
        ASSERT_EQ(mkdir(below(admin_path).c_str(), 0750), 0);
        for (const MapSpec *spec : admin_maps) {
            const Fd map = make_pin(*spec, spec->path);
            ASSERT_EQ(bpf_obj_pin(map.get(), pins().admin(*spec).c_str()), 0);
        }
    }

    // Runs ebpf-ctl with these arguments.
    Finished ctl(const std::vector<std::string> &words, const std::string &input = "") const {
        return run_ctl(root(), words, input);
    }
    // Runs it, and expects success without output.
    void quietly(const std::vector<std::string> &words, const std::string &input = "") const {
        const Finished ran = ctl(words, input);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.err, "");
    }
    std::string exported() const { return ctl({"export"}).out; }

    RuleMaps reader() const {
        auto maps = RuleMaps::open_to_read(pins());
        if (!maps)
            throw std::runtime_error(maps.error().text);
        return std::move(*maps);
    }
    RuleMaps writer() const {
        auto maps = open_to_change(pins());
        if (!maps)
            throw std::runtime_error(maps.error().text);
        return std::move(*maps);
    }
    policy_record policy() const { return *reader().policy(); }
    size_t subjects() const { return reader().subjects()->size(); }
    size_t pages() const { return reader().pages()->size(); }
    size_t texts() const { return reader().texts()->size(); }
    size_t scopes() const { return reader().scopes()->size(); }
    subject_record subject(const std::string &process) const {
        const auto found = reader().find(find_process(process)->key);
        return found && *found ? **found : subject_record{};
    }
    template <class K, class V> void put(const MapSpec &spec, const K &key, const V &value) const {
        const Fd map(bpf_obj_get(pins().admin(spec).c_str()));
        EXPECT_EQ(bpf_map_update_elem(map.get(), &key, &value, BPF_ANY), 0) << spec.name;
    }

private:
    Fd abi_;
};

inline PortSet ports_of(const std::vector<std::string> &rules) {
    PortSet set;
    for (const std::string &rule : rules)
        set.add(*parse_port_rule(rule));
    return set;
}

// "1-3/tcp 53/udp "
inline std::string text_of(const PortSet &set) {
    std::string text;
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (const PortRule &rule : set.rules(proto))
            text += rule_text(rule) + " ";
    return text;
}

} // namespace pinpipe::ctl
