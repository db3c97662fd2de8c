// SPDX-License-Identifier: MIT
// The file of rules: what is accepted is written again, and that means the same.
#include "tools/ctl/policy_file.h"

#include <cstdlib>
#include <functional>
#include <string_view>

using namespace pinpipe;
using namespace pinpipe::ctl;

namespace {

// Every process and every cgroup is there, with an id of its own.
Finders all_there() {
    Finders finders;
    finders.process = [](const std::string &text) -> Result<Process> {
        const auto kind = process_kind(text);
        if (!kind)
            return fail(kind.error());
        Process process{{}, text};
        process.key.kind = *kind;
        process.key.id[0] = std::hash<std::string>()(text);
        return process;
    };
    finders.cgroup = [](const std::string &directory) -> Result<uint64_t> {
        return std::hash<std::string>()(directory);
    };
    return finders;
}

std::string joined(const Policy &policy) {
    std::string text;
    for (const std::string &line : policy_lines(policy))
        text += line;
    return text;
}

void check(const std::vector<PolicyError> &errors) {
    if (errors.empty() || errors.size() > most_policy_errors)
        abort();
    for (size_t i = 0; i < errors.size(); i++)
        if (errors[i].text.empty() || (i && errors[i].line <= errors[i - 1].line))
            abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto policy = parse_policy(text, all_there());
    if (!policy) {
        check(policy.error());
        return 0;
    }
    const std::string written = joined(*policy);
    const auto again = parse_policy(written, all_there());
    if (!again || joined(*again) != written || again->subjects.size() != policy->subjects.size())
        abort();
    for (size_t i = 0; i < again->subjects.size(); i++) {
        const Subject &a = policy->subjects[i], &b = again->subjects[i];
        if (a.process.text != b.process.text || a.cgroup != b.cgroup || a.audit != b.audit ||
            a.children != b.children || a.ports != b.ports)
            abort();
    }
    return 0;
}
