// SPDX-License-Identifier: MIT
#include "tools/store/names.h"

namespace pinpipe::store {
namespace {

int64_t or_none(uint64_t value) {
    return value == Line::absent ? -1 : static_cast<int64_t>(value);
}

// Writes the fields that Known depends on as a key: different fields give different keys.
void write_key(std::string &key, const Line &line) {
    key.clear();
    const auto number = [&](uint64_t value) {
        key.append(reinterpret_cast<const char *>(&value), sizeof value);
    };
    for (const Text *text : {&line.comm, &line.remote, &line.proto, &line.cgroup, &line.exe,
                             &line.host, &line.attribution}) {
        const auto size = static_cast<uint16_t>(text->there ? text->text.size() + 1 : 0);
        key.append(reinterpret_cast<const char *>(&size), sizeof size).append(text->text);
    }
    for (const uint64_t value : {line.uid, line.port, line.pid, line.ppid, line.start})
        number(value);
}

constexpr size_t overhead = 64; // bytes of an entry besides its text and value, roughly

} // namespace

Result<Names> Names::make(Database &database) {
    Names names;
    const std::pair<Statement *, const char *> statements[] = {
        {&names.find_name_, "SELECT id FROM name WHERE text = ?"},
        {&names.make_name_, "INSERT INTO name (text) VALUES (?)"},
        {&names.find_who_, "SELECT id FROM who WHERE comm = ? AND proto = ? AND uid = ? AND "
                           "cgroup = ? AND exe = ? AND host = ?"},
        {&names.make_who_,
         "INSERT INTO who (comm, proto, uid, cgroup, exe, host) VALUES (?, ?, ?, ?, ?, ?)"},
        {&names.find_subject_, "SELECT id FROM subject WHERE who = ? AND remote = ? AND port = ?"},
        {&names.make_subject_, "INSERT INTO subject (who, remote, port, last) VALUES (?, ?, ?, 0)"},
        {&names.find_process_,
         "SELECT id FROM process WHERE pid = ? AND start = ? AND ppid = ? AND attribution = ?"},
        {&names.make_process_,
         "INSERT INTO process (pid, start, ppid, attribution, last) VALUES (?, ?, ?, ?, 0)"},
        {&names.note_subject_, "UPDATE subject SET last = max(last, ?) WHERE id = ?"},
        {&names.note_process_, "UPDATE process SET last = max(last, ?) WHERE id = ?"}};
    for (const auto &[to, sql] : statements)
        if (auto prepared = database.prepare_into(*to, sql); !prepared)
            return fail(prepared.error());
    return names;
}

Result<int64_t> Names::row(Database &database, Statement &find, Statement &make,
                           std::span<const int64_t> values) {
    for (size_t i = 0; i < values.size(); i++) {
        find.bind(static_cast<int>(i) + 1, values[i]);
        make.bind(static_cast<int>(i) + 1, values[i]);
    }
    return database.found_or_made(find, make);
}

Result<int64_t> Names::name(Database &database, const Text &text) {
    if (!text.there)
        return 0;
    if (const auto known = names_.find(text.text); known != names_.end())
        return known->second;
    find_name_.bind(1, text.text);
    make_name_.bind(1, text.text);
    auto id = database.found_or_made(find_name_, make_name_);
    if (!id)
        return id;
    if (names_bytes_ > most_bytes) {
        names_.clear();
        names_bytes_ = 0;
    }
    names_.emplace(text.text, *id);
    names_bytes_ += text.text.size() + sizeof *id + overhead;
    return id;
}

Result<int64_t> Names::process(Database &database, const Line &line) {
    auto attribution = name(database, line.attribution);
    if (!attribution)
        return attribution;
    const int64_t values[] = {or_none(line.pid), or_none(line.start), or_none(line.ppid),
                              *attribution};
    if (values[0] == -1 && values[1] == -1 && values[2] == -1 && !*attribution)
        return 0;
    return row(database, find_process_, make_process_, values);
}

Result<Known> Names::look_up(Database &database, const Line &line) {
    int64_t ids[6];
    const Text *texts[] = {&line.comm, &line.proto, &line.cgroup,
                           &line.exe,  &line.host,  &line.remote};
    for (size_t i = 0; i < std::size(texts); i++) {
        const auto id = name(database, *texts[i]);
        if (!id)
            return fail(id.error());
        ids[i] = *id;
    }
    Known known;
    const int64_t who[] = {ids[0], ids[1], or_none(line.uid), ids[2], ids[3], ids[4]};
    const auto who_id = row(database, find_who_, make_who_, who);
    if (!who_id)
        return fail(who_id.error());
    known.who = *who_id;
    const int64_t subject[] = {known.who, ids[5], or_none(line.port)};
    const auto subject_id = row(database, find_subject_, make_subject_, subject);
    if (!subject_id)
        return fail(subject_id.error());
    known.subject = *subject_id;
    const auto process_id = process(database, line);
    if (!process_id)
        return fail(process_id.error());
    known.process = *process_id;
    return known;
}

// Notes in the tables when the subject and the process were last seen: ageing deletes old ones.
Result<void> Names::note(Database &database, Known &known, int64_t time) {
    if (known.hour >= time / level_unit[hour])
        return {};
    known.hour = time / level_unit[hour];
    if (known.process) {
        note_process_.bind(1, known.hour).bind(2, known.process);
        if (auto noted = database.run(note_process_); !noted)
            return noted;
    }
    if (known.day >= time / level_unit[day])
        return {};
    known.day = time / level_unit[day];
    note_subject_.bind(1, known.day).bind(2, known.subject);
    return database.run(note_subject_);
}

Result<Known *> Names::known(Database &database, const Line &line) {
    write_key(key_, line);
    auto found = known_.find(std::string_view(key_));
    if (found == known_.end()) {
        const auto made = look_up(database, line);
        if (!made)
            return fail(made.error());
        if (known_bytes_ > most_bytes) {
            known_.clear();
            known_bytes_ = 0;
        }
        found = known_.emplace(key_, *made).first;
        known_bytes_ += key_.size() + sizeof *made + overhead;
    }
    if (auto noted = note(database, found->second, static_cast<int64_t>(line.time)); !noted)
        return fail(noted.error());
    return &found->second;
}

void Names::forget() {
    names_.clear();
    known_.clear();
    names_bytes_ = known_bytes_ = 0;
}

} // namespace pinpipe::store
