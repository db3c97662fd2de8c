// SPDX-License-Identifier: MIT
#include "tools/ctl/policy_file.h"

#include "lib/base/line_splitter.h"
#include "lib/rules/remote_list.h"
#include "tools/ctl/allowance.h"
#include "tools/ctl/policy_words.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace pinpipe::ctl {
namespace {

constexpr const char *cgroup_word = "cgroup=";
constexpr const char *user_word = "user=";
constexpr const char *side_of_ports = "side=";
constexpr const char *to_word = "to=";

class Reader {
public:
    explicit Reader(const Finders &finders) : finders_(finders) {}

    Result<void> take(std::string_view text, size_t line) {
        line_ = line;
        const auto words = words_of(text);
        if (!words)
            return fail(words.error());
        if (words->empty())
            return {};
        const std::string &verb = (*words)[0].bytes;
        if (verb == "allow")
            return take_allow(*words);
        if (verb == "audit")
            return take_audit(*words);
        if (verb == "children")
            return take_children(*words);
        return fail(failure("no word '" + verb + "': a line begins with allow, audit or children"));
    }

    // Errors that only show when all lines are known, in order of lines.
    std::vector<PolicyError> dangling() const {
        std::vector<PolicyError> errors;
        for (const auto &[key, entry] : entries_)
            if (entry.children_line && !entry.is_ruled())
                errors.push_back(
                    {entry.children_line,
                     "children of '" + entry.subject.process.text +
                         "' without an allow or audit of the same process, cgroup and user"});
        std::sort(errors.begin(), errors.end(),
                  [](const PolicyError &a, const PolicyError &b) { return a.line < b.line; });
        errors.resize(std::min(errors.size(), most_policy_errors));
        return errors;
    }

    Policy result() {
        Policy policy;
        policy.audit = audit_line_ != 0;
        for (auto &[key, entry] : entries_)
            policy.subjects.push_back(std::move(entry.subject));
        put_in_order(policy);
        return policy;
    }

private:
    // kind, id, path of a cgroup, user
    using Key = std::tuple<uint32_t, uint64_t, uint64_t, std::string, uint32_t>;
    struct Entry {
        Subject subject;
        std::vector<std::pair<PortRule, size_t>> rules; // with the numbers of their lines
        size_t audit_line = 0, children_line = 0;       // 0: none
        size_t none_line = 0, icmp_line = 0;
        bool is_ruled() const { return !rules.empty() || audit_line || none_line || icmp_line; }
    };
    // What follows PROCESS.
    struct Attributes {
        std::string cgroup, user;
        Ends ends;
    };

    Result<void> take_allow(const std::vector<Word> &words) {
        if (words.size() < 3)
            return fail(failure(std::string("allow needs ") + allowance_words + ", and PROCESS"));
        const auto attributes = attributes_of(words, 3, true);
        const auto what = attributes ? parse_allowance(words[1].bytes, attributes->ends)
                                     : fail(attributes.error());
        const auto entry = what ? find(words[2].bytes, *attributes) : fail(what.error());
        if (!entry)
            return fail(entry.error());
        return what->ports ? take_ports(**entry, *what->ports, words)
                           : take_flag(**entry, *what, words);
    }

    Result<void> take_ports(Entry &entry, const PortRule &rule, const std::vector<Word> &words) {
        if (entry.subject.ports.has_any(rule))
            return fail(failure(rule_text(rule) + " of '" + words[2].bytes + "' is in line " +
                                std::to_string(line_with(entry, rule)) + " already"));
        entry.subject.ports.add(rule);
        entry.rules.emplace_back(rule, line_);
        return {};
    }

    Result<void> take_flag(Entry &entry, const Allowance &what, const std::vector<Word> &words) {
        const bool none = what.flag == SUBJECT_NONE;
        (none ? entry.subject.none : entry.subject.icmp) = true;
        return take_once(none ? entry.none_line : entry.icmp_line, words[1], words[2]);
    }

    Result<void> take_audit(const std::vector<Word> &words) {
        if (words.size() < 2)
            return fail(failure("audit needs PROCESS, or all"));
        size_t *line = &audit_line_;
        if (words[1].bytes != "all" || words[1].quoted) {
            const auto attributes = attributes_of(words, 2, false);
            const auto entry =
                attributes ? find(words[1].bytes, *attributes) : fail(attributes.error());
            if (!entry)
                return fail(entry.error());
            line = &(*entry)->audit_line;
            (*entry)->subject.audit = true;
        } else if (words.size() > 2) {
            return fail(failure("unexpected '" + words[2].bytes + "'"));
        }
        return take_once(*line, words[0], words[1]);
    }

    Result<void> take_children(const std::vector<Word> &words) {
        if (words.size() < 2)
            return fail(failure("children needs PROCESS"));
        const auto attributes = attributes_of(words, 2, false);
        const auto entry =
            attributes ? find(words[1].bytes, *attributes) : fail(attributes.error());
        if (!entry)
            return fail(entry.error());
        if ((*entry)->subject.process.key.kind == SUBJECT_ANY)
            return fail(failure("any has no children: its rules hold for every process of the "
                                "cgroup or user"));
        (*entry)->subject.children = true;
        return take_once((*entry)->children_line, words[0], words[1]);
    }

    // line: the number of the line that said the same before; 0: none did.
    Result<void> take_once(size_t &line, const Word &what, const Word &of) const {
        if (line)
            return fail(failure(what.bytes + " of '" + of.bytes + "' is in line " +
                                std::to_string(line) + " already"));
        line = line_;
        return {};
    }

    // The words from index at on. of_ports: side= and to= may be among them.
    static Result<Attributes> attributes_of(const std::vector<Word> &words, size_t at,
                                            bool of_ports) {
        Attributes found;
        for (size_t i = at; i < words.size(); i++)
            if (auto taken = take_attribute(found, words[i].bytes, of_ports); !taken)
                return fail(taken.error());
        return found;
    }

    static Result<void> take_attribute(Attributes &found, const std::string &word, bool of_ports) {
        const size_t end = word.find('=') + 1;
        const std::string name = word.substr(0, end), value = word.substr(end);
        if (name == cgroup_word && found.cgroup.empty())
            return take_text(found.cgroup, value, "cgroup= needs a directory");
        if (name == user_word && found.user.empty())
            return take_text(found.user, value, "user= needs a name or a number");
        if (name == side_of_ports && of_ports && found.ends.sides == both_sides)
            return take_side(found.ends.sides, value);
        if (name != to_word || !of_ports || !found.ends.to.empty())
            return fail(failure("unexpected '" + word + "'"));
        auto list = remote_list({value});
        if (!list)
            return fail(list.error());
        found.ends.to = std::move(*list);
        return {};
    }

    static Result<void> take_text(std::string &to, const std::string &value, const char *empty) {
        to = value;
        return value.empty() ? fail(failure(empty)) : Result<void>();
    }

    static Result<void> take_side(unsigned &sides, const std::string &word) {
        if (word != "connect" && word != "serve")
            return fail(failure("side= is connect or serve, not '" + word + "'"));
        sides = 1U << (word == "connect" ? SIDE_CONNECT : SIDE_SERVE);
        return {};
    }

    Result<Entry *> find(const std::string &text, const Attributes &attributes) {
        auto process = finders_.process(text);
        if (!process)
            return fail(process.error());
        auto cgroup = attributes.cgroup.empty() ? Cgroup{} : finders_.cgroup(attributes.cgroup);
        if (!cgroup)
            return fail(cgroup.error());
        const auto user = attributes.user.empty() ? uint32_t{0} : finders_.user(attributes.user);
        if (!user)
            return fail(user.error());
        if (process->key.kind == SUBJECT_ANY && cgroup->path.empty() && !*user)
            return fail(failure("any is every process of a cgroup or user: it needs cgroup=DIR or "
                                "user=NAME"));
        process->key.user = *user;
        const subject_key &key = process->key;
        Entry &entry = entries_[{key.kind, key.id[0], key.id[1], cgroup->path, key.user}];
        if (entry.subject.process.text.empty()) {
            entry.subject.process = std::move(*process);
            entry.subject.cgroup = std::move(*cgroup);
        }
        return &entry;
    }

    static size_t line_with(const Entry &entry, const PortRule &rule) {
        for (const auto &[earlier, line] : entry.rules)
            if ((earlier.protos & rule.protos) && (earlier.sides & rule.sides) &&
                earlier.to == rule.to && earlier.range.first <= rule.range.last &&
                rule.range.first <= earlier.range.last)
                return line;
        return 0;
    }

    const Finders &finders_;
    std::map<Key, Entry> entries_;
    size_t audit_line_ = 0, line_ = 0;
};

std::string ends_words(const PortRule &rule) {
    std::string words;
    if (rule.sides != both_sides)
        words += std::string(" ") + side_of_ports + side_word(rule.sides);
    if (!rule.to.empty())
        words += std::string(" ") + to_word + rule.to;
    return words;
}

} // namespace

tl::expected<Policy, std::vector<PolicyError>>
parse_policy(std::string_view text, const Finders &finders, std::vector<PolicyError> *left_out) {
    Reader reader(finders);
    std::vector<PolicyError> errors;
    size_t number = 0;
    each_line(text, [&](std::string_view line) {
        number++;
        if (errors.size() == most_policy_errors)
            return;
        const auto taken = reader.take(line, number);
        if (!taken && left_out && is_missing(taken.error()))
            left_out->push_back({number, taken.error().text});
        else if (!taken)
            errors.push_back({number, taken.error().text});
    });
    if (errors.empty()) // else the missing line may be one of those with an error
        errors = reader.dangling();
    if (!errors.empty())
        return tl::unexpected(std::move(errors));
    return reader.result();
}

std::vector<std::string> policy_lines(const Policy &policy) {
    std::vector<std::string> lines;
    if (policy.audit)
        lines.emplace_back("audit all\n");
    for (const Subject &subject : policy.subjects) {
        std::string whom = quoted(subject.process.text);
        if (!subject.cgroup.path.empty())
            whom += " " + (cgroup_word + quoted(subject.cgroup.shown));
        if (subject.process.key.user)
            whom += " " + (user_word + quoted(user_text(subject.process.key.user)));
        for (unsigned proto = 0; proto < rule_protos; proto++)
            for (const PortRule &rule : subject.ports.rules(proto))
                lines.push_back("allow " + ports_text(rule) + " " + whom + ends_words(rule) + "\n");
        if (subject.icmp)
            lines.push_back("allow icmp " + whom + "\n");
        if (subject.none)
            lines.push_back("allow none " + whom + "\n");
        if (subject.audit)
            lines.push_back("audit " + whom + "\n");
        if (subject.children)
            lines.push_back("children " + whom + "\n");
    }
    return lines;
}

} // namespace pinpipe::ctl
