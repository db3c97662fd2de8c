// Real traffic that counts its own bytes: what the accounting is compared with, to the byte.
//
// A case makes sockets, then lets processes of its own use them. Each process tallies what its
// calls returned, by protocol and remote address, and hands the tally over in a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace traffic {

struct Flow {
    std::string proto;
    std::string remote;       // empty: none
    bool unconnected = false; // received without a connection: not every probe can know from whom
    auto operator<=>(const Flow &) const = default;
};

struct Sums {
    uint64_t sent = 0, received = 0;
};

class Tally {
public:
    int pid = 0; // of who did it, where that is not the role's own process
    // n: as a call returned it. Negative: an error, which counts for nothing.
    void sent(const std::string &proto, const std::string &remote, long n);
    void received(const std::string &proto, const std::string &remote, long n,
                  bool unconnected = false);
    const std::map<Flow, Sums> &flows() const { return flows_; }
    std::map<Flow, Sums> &flows() { return flows_; }

private:
    std::map<Flow, Sums> flows_;
};

struct Role {
    std::string comm; // 15 bytes at most
    std::function<void(Tally &)> work;
};

// The case cannot be tried here; what(): why.
struct Skip : std::runtime_error {
    using runtime_error::runtime_error;
};

// Runs the roles at the same time, a process each, and prints a line for each flow of each. Fails
// when one does not end well within a minute.
void run(const std::vector<Role> &roles);

[[noreturn]] void die(const std::string &what); // with errno
void check(bool fine, const std::string &what);

struct Case {
    const char *name;
    void (*work)();
};
extern const std::vector<Case> stream_cases, datagram_cases, special_cases, uring_cases;

// --- sockets ---

// Two ends of a TCP connection over lo. host: "127.0.0.1", "::1", or "mapped".
struct Pair {
    int a, b;
    std::string host;
    void close_other(bool keep_a) const; // in a child: the end that it does not use
};
Pair tcp_pair(const std::string &host = "127.0.0.1", int proto = 0);

// A bound datagram socket; host as above.
int bound_udp(const std::string &host, uint16_t &port, int proto = 0);
void connect_udp(int fd, const std::string &host, uint16_t port);

void send_all(int fd, size_t bytes, Tally &t, const std::string &proto, const std::string &remote,
              size_t piece = 65536, int flags = 0);
// Until bytes have come, or the end.
void receive_all(int fd, size_t bytes, Tally &t, const std::string &proto,
                 const std::string &remote, size_t piece = 65536);

} // namespace traffic
