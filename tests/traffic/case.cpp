// SPDX-License-Identifier: MIT
#include "tests/traffic/traffic.h"

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace traffic {

namespace {

void make_pipe(Fd &read_end, Fd &write_end) {
    int ends[2];
    check(pipe(ends), "pipe");
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
}

std::string quoted(const std::string &text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

// Reads to the end of a line. false: there was none.
bool skip_line(int fd) {
    char c = 0;
    while (c != '\n')
        if (read(fd, &c, 1) != 1)
            return false;
    return true;
}

} // namespace

void wait_for_line(const std::string &hold) {
    Fd file;
    if (!hold.empty()) // for writing too, or a FIFO would want its writer first
        file = Fd(check(open(hold.c_str(), O_RDWR | O_CLOEXEC), hold.c_str()));
    pollfd both[] = {{file.get(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    while (poll(both, 2, -1) > 0) {
        if (both[0].revents) {
            skip_line(file.get());
            return;
        }
        if (both[1].revents) {
            if (skip_line(STDIN_FILENO) || !file.valid())
                return;
            both[1].fd = -1; // ended: the file alone decides
        }
    }
}

Case::Case(const Entry &entry, const Options &options) : entry_(entry), options_(options) {
    make_pipe(reports_, report_);
    make_pipe(go_, start_);
    make_pipe(release_, end_);
}

// Nothing that a case forked outlives it: all are in one process group, and orphans come to this
// process.
Case::~Case() {
    if (roles_.empty())
        return;
    ::kill(-roles_.front(), SIGKILL);
    while (waitpid(-roles_.front(), nullptr, 0) > 0 || errno == EINTR)
        ;
}

void Case::role(const char *comm, const std::function<void(Role &)> &body) {
    prepared_role(comm, [&](Role &self) {
        self.stand_by();
        body(self);
    });
}

void Case::prepared_role(const char *comm, const std::function<void(Role &)> &body) {
    const pid_t parent = getpid(), group = roles_.empty() ? 0 : roles_.front();
    const pid_t pid = check(fork(), "fork");
    if (pid == 0) {
        setpgid(0, group);
        reports_.reset();
        start_.reset();
        end_.reset();
        Role self({report_.get(), go_.get(), release_.get()});
        self.live(
            comm,
            [&](Role &role) {
                expect(getppid() == parent, "the parent is gone");
                body(role);
            },
            Role::Life::whole);
    }
    setpgid(pid, group ? group : pid);
    roles_.push_back(pid);
    ++expected_;
}

Record Case::next_record() {
    pollfd one{reports_.get(), POLLIN, 0};
    Record record;
    expect(poll(&one, 1, 70000) > 0, "no report in time");
    expect(read(reports_.get(), &record, sizeof record) == sizeof record, "a process has died");
    if (record.kind == Record::skipped)
        throw Skipped{record.text};
    if (record.kind == Record::failed)
        throw Failed{record.text};
    return record;
}

void Case::print(const std::string &members) const {
    std::printf("{\"case\":\"%s\",%s}\n", entry_.name, members.c_str());
    std::fflush(stdout);
}

std::string Case::pids() const {
    std::string list;
    for (const pid_t pid : roles_)
        list += (list.empty() ? "" : ",") + std::to_string(pid);
    return "[" + list + "]";
}

void Case::fork_roles_and_start() {
    entry_.run(*this);
    report_.reset();
    for (size_t ready = 0; ready < roles_.size();)
        ready += next_record().kind == Record::ready;
    const bool held = entry_.held && !options_.hold.empty();
    if (held || options_.pause_before) {
        print("\"ready\":true,\"pids\":" + pids());
        wait_for_line(held ? options_.hold : "");
    }
    start_.reset();
}

// Sums by process and peer: a process may report more than once.
void Case::merge(const Record &record) {
    comms_[record.pid] = record.comm;
    const Key key(record.pid, record.start_ticks, record.proto, record.remote, record.unknown != 0);
    const auto [at, fresh] = counts_.try_emplace(key, record);
    if (fresh)
        return;
    at->second.sent += record.sent;
    at->second.received += record.received;
}

void Case::collect() {
    while (expected_ > 0) {
        const Record record = next_record();
        switch (record.kind) {
        case Record::spawned: ++expected_; break;
        case Record::counted: merge(record); break;
        case Record::finished:
            comms_[record.pid] = record.comm;
            --expected_;
            break;
        default: break;
        }
    }
}

void Case::check_balance() const {
    uint64_t sent = 0, received = 0;
    for (const auto &[key, record] : counts_) {
        sent += record.sent;
        received += record.received;
    }
    expect(sent + received > 0, "no traffic");
    if (entry_.balance == Balance::exact && sent != received)
        throw Failed{"sent " + std::to_string(sent) + ", received " + std::to_string(received)};
}

void Case::print_counts() const {
    static const auto second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
    for (const auto &[key, record] : counts_) {
        if (record.sent + record.received == 0)
            continue;
        const std::string remote = record.remote;
        std::string line = "\"pid\":" + std::to_string(record.pid);
        line += ",\"start_ns\":" + std::to_string(record.start_ticks * (1000000000 / second));
        line += ",\"start_ticks\":" + std::to_string(record.start_ticks);
        line += ",\"comm\":" + quoted(comms_.at(record.pid)) + ",\"proto\":" + quoted(record.proto);
        if (!remote.empty())
            line += ",\"remote_ip\":" + quoted(remote);
        if (record.unknown)
            line += ",\"remote_unknown\":true";
        line += ",\"bytes_sent\":" + std::to_string(record.sent);
        print(line + ",\"bytes_received\":" + std::to_string(record.received));
    }
}

bool Case::run() {
    try {
        fork_roles_and_start();
        collect();
        check_balance();
        print_counts();
        if (options_.pause_after) {
            print("\"finished\":true");
            wait_for_line("");
        }
        print("\"done\":true");
        return true;
    } catch (const Skipped &skip) {
        print("\"skipped\":" + quoted(skip.why));
        return true;
    } catch (const Failed &failure) {
        print("\"failed\":" + quoted(failure.what));
        return false;
    }
}

} // namespace traffic
