// SPDX-License-Identifier: MIT
#include "tools/store/describer.h"

#include "lib/event/json_line.h"
#include "tools/store/members.h"

namespace pinpipe::store {
namespace {

constexpr size_t most_described = 20'000; // descriptions in the cache

template <Literal NAME> struct Named {};
template <Literal NAME> inline constexpr Named<NAME> named;

} // namespace

Result<Describer> Describer::make(Database &database) {
    Describer describer;
    describer.database_ = &database;
    const std::pair<Statement *, const char *> statements[] = {
        {&describer.subject_, "SELECT host, uid, comm, exe, cgroup, proto, remote, port FROM "
                              "subject s JOIN who w ON w.id = s.who WHERE s.id = ?"},
        {&describer.process_, "SELECT pid, ppid, start, attribution FROM process WHERE id = ?"},
        {&describer.name_, "SELECT text FROM name WHERE id = ?"}};
    for (const auto &[to, sql] : statements)
        if (auto prepared = database.prepare_into(*to, sql); !prepared)
            return fail(prepared.error());
    return describer;
}

Result<std::string> Describer::name(int64_t id) {
    name_.bind(1, id);
    const auto found = database_->next(name_);
    if (!found)
        return fail(found.error());
    std::string text = *found ? json_string(name_.text(0)) : "\"\"";
    name_.reset();
    return text;
}

Result<std::string> Describer::describe(int64_t subject, int64_t process) {
    std::string out;
    Result<void> done;
    const auto text = [&]<Literal NAME>(Named<NAME>, int64_t id) {
        if (!id || !done)
            return;
        if (const auto value = name(id))
            member<NAME>(out, *value);
        else
            done = fail(value.error());
    };
    const auto number = [&]<Literal NAME>(Named<NAME>, int64_t value) {
        if (value >= 0)
            member<NAME>(out, std::to_string(value));
    };
    subject_.bind(1, subject);
    process_.bind(1, process);
    const auto has_subject = database_->next(subject_);
    const auto has_process = database_->next(process_);
    if (!has_subject || !has_process)
        return fail(has_subject ? has_process.error() : has_subject.error());
    if (*has_subject)
        text(named<"host">, subject_.number(0));
    if (*has_process) {
        number(named<"pid">, process_.number(0));
        number(named<"ppid">, process_.number(1));
    }
    if (*has_subject) {
        number(named<"uid">, subject_.number(1));
        text(named<"comm">, subject_.number(2));
        text(named<"exe">, subject_.number(3));
        text(named<"cgroup_id">, subject_.number(4));
    }
    if (*has_process) {
        number(named<"start_time">, process_.number(2));
        text(named<"attribution">, process_.number(3));
    }
    if (*has_subject) {
        text(named<"proto">, subject_.number(5));
        text(named<"remote_ip">, subject_.number(6));
        number(named<"remote_port">, subject_.number(7));
    }
    subject_.reset();
    process_.reset();
    return done ? Result<std::string>(std::move(out)) : fail(done.error());
}

Result<const std::string *> Describer::of(int64_t subject, int64_t process) {
    const std::pair key(subject, process);
    if (const auto known = said_.find(key); known != said_.end())
        return &known->second;
    auto made = describe(subject, process);
    if (!made)
        return fail(made.error());
    if (said_.size() >= most_described)
        said_.clear();
    return &said_.emplace(key, std::move(*made)).first->second;
}

} // namespace pinpipe::store
