// SPDX-License-Identifier: MIT
// Real traffic, whose bytes are counted where they are sent and received: what the calls on the
// sockets returned. Another count of the same traffic is to come to equal numbers.
//
// A case forks a process for each role (client, server). Roles meet at a gate before they send
// anything; when they are through, they report what they counted over a pipe and live on until all
// have, so that their entries in /proc can be read meanwhile. Nothing here talks over a socket but
// what is counted.
#pragma once

#include "lib/base/fd.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>
#include <tuple>
#include <vector>

namespace traffic {

using pinpipe::Fd;

// Thrown by cases and roles; become "skipped" and "failed" in the output.
struct Skipped {
    std::string why;
};
struct Failed {
    std::string what;
};

// result as it is, unless it is negative: throws Failed with what and the text of errno.
template <typename Result> Result check(Result result, const char *what);
// Throws Failed with what, unless ok.
void expect(bool ok, const char *what);

// count enlarged by TRAFFIC_SCALE; at least 1.
size_t scaled(size_t count);
double scale();

// --- processes ---

struct Tally {
    std::atomic<uint64_t> sent{0}, received{0};
};

// What a process (or a part of its life) counted with one peer. Sent over a pipe, whole by its
// size.
struct Record {
    enum Kind : uint32_t { ready, spawned, counted, finished, skipped, failed };
    Kind kind;
    int32_t pid; // as the caller's /proc has it
    uint64_t start_ticks;
    uint64_t sent, received;
    uint32_t unknown; // 1: datagrams received without their sender's address
    char comm[16];
    char proto[12];
    char remote[48]; // empty: there is none
    char text[128];  // of skipped and failed
};

// A semaphore between the processes of a case, made before they are forked.
class Gate {
public:
    Gate();
    void open(uint64_t times = 1) const;
    bool pass(int milliseconds = 30000) const; // false: not in time

private:
    Fd fd_;
};

// The pipes by which the processes of a case and the one that runs it deal with each other.
struct Wiring {
    int report;  // to write Records
    int go;      // ends when traffic may begin
    int release; // ends when the case is over
};

// A process that takes part, as seen by itself.
class Role {
public:
    explicit Role(const Wiring &wiring) : wiring_(wiring) {}

    // The bytes with one peer. Threads may ask and count at the same time.
    Tally &tally(const std::string &proto, const std::string &remote, bool unknown = false);
    // Says that it stands by, and waits until the traffic may begin.
    void stand_by();
    // Sends what was counted so far, and forgets it.
    void report();
    void write(Record::Kind kind, const std::string &text = {});
    // Reports and waits for the end of the case.
    [[noreturn]] void finish();

    // Another process, forked by this one, that counts by itself.
    enum class Life {
        whole,  // until the end of the case
        brief,  // ends as soon as it has reported
        orphan, // as whole, and does not mind when its parent dies
    };
    pid_t spawn(const char *comm, const std::function<void(Role &)> &body, Life life = Life::whole);

    // Turns this process, just forked, into the role: runs body and never returns.
    [[noreturn]] void live(const char *comm, const std::function<void(Role &)> &body, Life life);
    const Wiring &wiring() const { return wiring_; }

private:
    using Key = std::tuple<std::string, std::string, bool>;
    Wiring wiring_;
    std::mutex mutex_;
    std::map<Key, Tally> tallies_;
};

struct Options {
    bool pause_before = false, pause_after = false;
    std::string hold; // a file whose first line starts case preopened
};

struct Entry;

// One case, as seen by the process that runs it.
class Case {
public:
    Case(const Entry &entry, const Options &options);
    ~Case();
    Case(const Case &) = delete;
    Case &operator=(const Case &) = delete;

    // A process that waits for the start and then runs body.
    void role(const char *comm, const std::function<void(Role &)> &body);
    // The same, but body opens what it needs before it calls stand_by().
    void prepared_role(const char *comm, const std::function<void(Role &)> &body);

    bool run(); // the whole case, with its output; false: it failed

private:
    void fork_roles_and_start();
    void collect();
    void merge(const Record &record);
    void check_balance() const;
    void print_counts() const;
    void print(const std::string &members) const;
    std::string pids() const;
    Record next_record();

    const Entry &entry_;
    const Options &options_;
    Fd reports_, report_, go_, start_, release_, end_;
    std::vector<pid_t> roles_;
    using Key = std::tuple<int32_t, uint64_t, std::string, std::string, bool>;
    std::map<Key, Record> counts_;
    std::map<int32_t, std::string> comms_; // the last one of each process
    size_t expected_ = 0;                  // processes that have yet to finish
};

enum class Balance {
    exact, // what the case's processes sent is what they received
    none,  // datagrams, the kernel's answers, data that nobody reads
};

struct Entry {
    const char *name;
    void (*run)(Case &);
    Balance balance = Balance::exact;
    bool held = false; // waits for --hold
};

// Waits until a line (or the end) arrives on standard input or, if there is one, in the file hold.
void wait_for_line(const std::string &hold);

std::span<const Entry> tcp_cases();
std::span<const Entry> edge_cases();
std::span<const Entry> udp_cases();
std::span<const Entry> udp_edge_cases();
std::span<const Entry> raw_cases();
std::span<const Entry> splice_cases();
std::span<const Entry> uring_cases();
std::span<const Entry> process_cases();
std::span<const Entry> thread_cases();
std::span<const Entry> protocol_cases();

// The second half of case exec, in the process that has been through execve().
[[noreturn]] void continue_after_exec(char **arguments);

template <typename Result> Result check(Result result, const char *what) {
    if (result < 0)
        throw Failed{std::string(what) + ": " + std::strerror(errno)};
    return result;
}

} // namespace traffic
