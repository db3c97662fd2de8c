// SPDX-License-Identifier: MIT
#include "tests/traffic/traffic.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace traffic {

namespace {

template <size_t Size> void put(char (&to)[Size], const std::string &text) {
    const size_t length = std::min(text.size(), Size - 1);
    std::memcpy(to, text.data(), length);
    to[length] = 0;
}

// Who this process is, by /proc: there it has the caller's number, also from within another pid
// namespace, and the name of its leader, whichever thread asks.
Record myself() {
    char text[512];
    FILE *const file = std::fopen("/proc/self/stat", "re");
    const size_t length = file ? std::fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        std::fclose(file);
    text[length] = 0;
    const char *const name = std::strchr(text, '('), *const name_end = std::strrchr(text, ')');
    expect(name && name_end, "/proc/self/stat: not as expected");
    Record record{};
    record.pid = std::atoi(text);
    put(record.comm, std::string(name + 1, name_end));
    const char *field = name_end + 1; // before field 3
    for (int number = 3; number < 22; ++number)
        field = std::strchr(field + 1, ' ');
    record.start_ticks = std::strtoull(field, nullptr, 10);
    return record;
}

// Waits for the end of a pipe that nobody writes to.
void wait_end(int fd) {
    char nothing;
    while (read(fd, &nothing, 1) < 0 && errno == EINTR)
        ;
}

void send_record(int fd, const Record &record) {
    if (write(fd, &record, sizeof record) != sizeof record)
        _exit(1); // the process that runs the case is gone
}

} // namespace

void expect(bool ok, const char *what) {
    if (!ok)
        throw Failed{what};
}

double scale() {
    const char *const text = std::getenv("TRAFFIC_SCALE");
    const double value = text ? std::atof(text) : 1;
    return value > 0 ? value : 1;
}

size_t scaled(size_t count) {
    return std::max<size_t>(1, static_cast<size_t>(static_cast<double>(count) * scale()));
}

Gate::Gate() : fd_(check(eventfd(0, EFD_SEMAPHORE), "eventfd")) {}

void Gate::open(uint64_t times) const {
    check(write(fd_.get(), &times, sizeof times), "cannot open a gate");
}

bool Gate::pass(int milliseconds) const {
    pollfd one{fd_.get(), POLLIN, 0};
    uint64_t value;
    return poll(&one, 1, milliseconds) > 0 && read(fd_.get(), &value, sizeof value) > 0;
}

Tally &Role::tally(const std::string &proto, const std::string &remote, bool unknown) {
    const std::lock_guard lock(mutex_);
    return tallies_[Key(proto, remote, unknown)];
}

void Role::stand_by() {
    write(Record::ready);
    wait_end(wiring_.go);
    alarm(60);
}

void Role::write(Record::Kind kind, const std::string &text) {
    Record record = myself();
    record.kind = kind;
    put(record.text, text);
    send_record(wiring_.report, record);
}

void Role::report() {
    const std::lock_guard lock(mutex_);
    Record record = myself();
    record.kind = Record::counted;
    for (const auto &[key, tally] : tallies_) {
        const auto &[proto, remote, unknown] = key;
        put(record.proto, proto);
        put(record.remote, remote);
        record.unknown = unknown;
        record.sent = tally.sent;
        record.received = tally.received;
        send_record(wiring_.report, record);
    }
    tallies_.clear();
}

void Role::finish() {
    alarm(0); // from here on the caller may take its time
    report();
    write(Record::finished);
    wait_end(wiring_.release);
    _exit(0);
}

void Role::live(const char *comm, const std::function<void(Role &)> &body, Life life) {
    if (life != Life::orphan)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, comm);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        body(*this);
        if (life != Life::brief)
            finish();
        report();
        write(Record::finished);
    } catch (const Skipped &skip) {
        write(Record::skipped, skip.why);
    } catch (const Failed &failure) {
        write(Record::failed, std::string(comm) + ": " + failure.what);
    }
    _exit(0);
}

pid_t Role::spawn(const char *comm, const std::function<void(Role &)> &body, Life life) {
    write(Record::spawned);
    const pid_t pid = check(fork(), "fork");
    if (pid == 0) {
        alarm(60);
        Role(wiring_).live(comm, body, life);
    }
    return pid;
}

} // namespace traffic
