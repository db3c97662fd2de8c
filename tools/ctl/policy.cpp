// SPDX-License-Identifier: MIT
#include "tools/ctl/policy.h"

#include <algorithm>
#include <tuple>

namespace pinpipe::ctl {

bool same_process(const subject_key &a, const subject_key &b) {
    return a.id[0] == b.id[0] && a.id[1] == b.id[1] && a.kind == b.kind;
}

uint32_t Subject::flags() const {
    return (audit ? SUBJECT_AUDIT : 0U) | (children ? SUBJECT_CHILDREN : 0U) |
           (none ? SUBJECT_NONE : 0U) | (icmp ? SUBJECT_ICMP : 0U);
}

void put_in_order(Policy &policy) {
    const auto place = [](const Subject &s) {
        return std::tie(s.process.key.kind, s.process.text, s.cgroup.path, s.process.key.user);
    };
    std::vector<Subject> &subjects = policy.subjects;
    std::sort(subjects.begin(), subjects.end(),
              [&](const Subject &a, const Subject &b) { return place(a) < place(b); });
    std::vector<Subject> merged;
    for (Subject &subject : subjects) {
        const bool number = subject.process.key.kind == SUBJECT_PID;
        if (merged.empty() || place(merged.back()) != place(subject) ||
            (number && !same_process(merged.back().process.key, subject.process.key))) {
            merged.push_back(std::move(subject));
            continue;
        }
        merged.back().ports.add(subject.ports);
        merged.back().audit = merged.back().audit || subject.audit;
        merged.back().children = merged.back().children || subject.children;
        merged.back().none = merged.back().none || subject.none;
        merged.back().icmp = merged.back().icmp || subject.icmp;
    }
    subjects = std::move(merged);
}

} // namespace pinpipe::ctl
