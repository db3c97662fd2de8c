// SPDX-License-Identifier: MIT
#include "tools/store/keys.h"

namespace pinpipe::store {

Result<Keys> Keys::make(Database &database, By by, const Filter &filter) {
    Keys keys(database, by);
    keys.remote_ = filter.remote;
    keys.ports_ = filter.ports;
    keys.with_remotes_ = by == By::remote || by == By::port || filter.remote || filter.ports;
    const std::pair<Statement *, const char *> statements[] = {
        {&keys.who_, "SELECT host, comm, exe, uid, cgroup, proto, 0, -1 FROM who WHERE id = ?"},
        {&keys.subject_, "SELECT host, comm, exe, uid, cgroup, proto, remote, port "
                         "FROM subject s JOIN who w ON w.id = s.who WHERE s.id = ?"},
        {&keys.name_, "SELECT text FROM name WHERE id = ?"},
        {&keys.find_name_, "SELECT id FROM name WHERE text = ?"}};
    for (const auto &[to, sql] : statements)
        if (auto prepared = database.prepare_into(*to, sql); !prepared)
            return fail(prepared.error());
    if (auto found = keys.find_names(filter); !found)
        return fail(found.error());
    return keys;
}

Result<void> Keys::find_names(const Filter &filter) {
    const std::pair<const std::optional<std::string> &, int64_t Attributes::*> names[] = {
        {filter.host, &Attributes::host},
        {filter.process, &Attributes::comm},
        {filter.exe, &Attributes::exe},
        {filter.cgroup, &Attributes::cgroup},
        {filter.proto, &Attributes::proto}};
    for (const auto &[text, attribute] : names) {
        if (!text)
            continue;
        find_name_.bind(1, std::string_view(*text));
        const auto found = database_->next(find_name_);
        if (!found)
            return fail(found.error());
        constexpr int64_t nothing = -2;
        equal_.emplace_back(attribute, *found ? find_name_.number(0) : nothing);
        find_name_.reset();
    }
    if (filter.user)
        equal_.emplace_back(&Attributes::uid, *filter.user);
    return {};
}

Result<bool> Keys::in_prefix(int64_t remote) {
    std::string text;
    auto there = name(remote, text);
    if (!there || !*there)
        return there;
    const auto address = parse_prefix(text);
    if (!address)
        return false;
    for (size_t i = 0; i < sizeof address->host.bytes; i++)
        if ((address->host.bytes[i] & remote_->mask.bytes[i]) != remote_->host.bytes[i])
            return false;
    return true;
}

Result<bool> Keys::matches(const Attributes &a) {
    for (const auto &[attribute, value] : equal_)
        if (a.*attribute != value)
            return false;
    if (ports_ && (a.port < ports_->first || a.port > ports_->second))
        return false;
    return remote_ ? in_prefix(a.remote) : Result<bool>(true);
}

Result<Keys::Answer> Keys::look_up(bool subject, int64_t id) {
    Statement &statement = subject ? subject_ : who_;
    statement.bind(1, id);
    const auto found = database_->next(statement);
    if (!found)
        return fail(found.error());
    const Statement &s = statement;
    const Attributes a = *found ? Attributes{s.number(0), s.number(1), s.number(2), s.number(3),
                                             s.number(4), s.number(5), s.number(6), s.number(7)}
                                : Attributes{0, 0, 0, -1, 0, 0, 0, -1};
    statement.reset();
    const auto wanted = matches(a);
    if (!wanted)
        return fail(wanted.error());
    switch (by_) {
    case By::process: return Answer{*wanted, a.comm};
    case By::exe: return Answer{*wanted, a.exe};
    case By::remote: return Answer{*wanted, a.remote};
    case By::port: return Answer{*wanted, a.port};
    case By::proto: return Answer{*wanted, a.proto};
    case By::host: return Answer{*wanted, a.host};
    case By::user: return Answer{*wanted, a.uid};
    case By::cgroup: return Answer{*wanted, a.cgroup};
    case By::nothing: break;
    }
    return Answer{*wanted, 0};
}

Result<Keys::Answer> Keys::of(const Reading::Row &row) {
    const bool subject = row.subject != 0;
    const int64_t id = subject ? row.subject : row.who;
    auto &answers = answers_[subject];
    if (const auto known = answers.find(id); known != answers.end())
        return known->second;
    auto answer = look_up(subject, id);
    if (answer) {
        if (answers.size() >= most)
            answers.clear();
        answers.emplace(id, *answer);
    }
    return answer;
}

Result<bool> Keys::name(int64_t id, std::string &to) {
    name_.bind(1, id);
    const auto found = database_->next(name_);
    if (!found)
        return fail(found.error());
    to = *found ? name_.text(0) : std::string_view();
    name_.reset();
    return *found;
}

Result<bool> Keys::text(int64_t key, std::string &to) {
    if (by_ != By::port && by_ != By::user)
        return name(key, to);
    to = key < 0 ? "" : std::to_string(key);
    return key >= 0;
}

} // namespace pinpipe::store
