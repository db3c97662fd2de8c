// TCP and its like.
#include "tests/traffic/traffic.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace traffic {
namespace {

constexpr size_t bulk = 1 << 20;

void one_way(const std::string &host, const char *proto, int number, size_t bytes) {
    const Pair p = tcp_pair(host, number);
    run({{"tr-sender",
          [&](Tally &t) {
              p.close_other(true);
              send_all(p.a, bytes, t, proto, p.host);
          }},
         {"tr-receiver", [&](Tally &t) {
              p.close_other(false);
              receive_all(p.b, bytes, t, proto, p.host);
          }}});
    close(p.a), close(p.b);
}

void tcp_bulk() {
    one_way("127.0.0.1", "tcp", 0, bulk * 4);
}
void tcp_ipv6() {
    one_way("::1", "tcp", 0, bulk);
}
void tcp_mapped() {
    one_way("mapped", "tcp", 0, bulk);
}
void mptcp() {
    one_way("127.0.0.1", "mptcp", 262, bulk);
}
void sctp() {
    one_way("127.0.0.1", "sctp", IPPROTO_SCTP, 200000);
}

void tcp_duplex() {
    const Pair p = tcp_pair();
    const auto both = [&](int fd) {
        return [fd](Tally &t) {
            Tally other;
            std::thread reader([&] { receive_all(fd, bulk, other, "tcp", "127.0.0.1"); });
            send_all(fd, bulk, t, "tcp", "127.0.0.1");
            reader.join();
            for (const auto &[flow, sums] : other.flows())
                t.flows()[flow].received += sums.received;
        };
    };
    run({{"tr-left", both(p.a)}, {"tr-right", both(p.b)}});
    close(p.a), close(p.b);
}

void drip() {
    const Pair p = tcp_pair();
    run({{"tr-drip",
          [&](Tally &t) {
              for (int i = 0; i < 50; i++) {
                  send_all(p.a, 1, t, "tcp", p.host);
                  poll(nullptr, 0, 2);
              }
          }},
         {"tr-drop", [&](Tally &t) { receive_all(p.b, 50, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

void peek() {
    const Pair p = tcp_pair();
    run({{"tr-sender", [&](Tally &t) { send_all(p.a, 10000, t, "tcp", p.host); }},
         {"tr-peeker", [&](Tally &t) {
              char data[10000];
              for (int i = 0; i < 3; i++)
                  check(recv(p.b, data, sizeof data, MSG_PEEK | MSG_WAITALL) == 10000, "peek");
              receive_all(p.b, 10000, t, "tcp", p.host);
          }}});
    close(p.a), close(p.b);
}

void zerocopy() {
    const Pair p = tcp_pair();
    run({{"tr-zerocopy",
          [&](Tally &t) {
              const int on = 1;
              if (setsockopt(p.a, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) != 0)
                  throw Skip("no SO_ZEROCOPY");
              send_all(p.a, bulk, t, "tcp", p.host, 65536, MSG_ZEROCOPY);
              char control[256], data[64];
              for (int i = 0; i < 20; i++) { // its notices are nothing received
                  iovec part{data, sizeof data};
                  msghdr head{};
                  head.msg_iov = &part, head.msg_iovlen = 1;
                  head.msg_control = control, head.msg_controllen = sizeof control;
                  static_cast<void>(recvmsg(p.a, &head, MSG_ERRQUEUE));
              }
          }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, bulk, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

int temporary_file(size_t bytes) {
    const int fd = memfd_create("traffic", MFD_CLOEXEC);
    check(fd >= 0 && ftruncate(fd, static_cast<off_t>(bytes)) == 0, "memfd");
    return fd;
}

void send_file() {
    const Pair p = tcp_pair();
    run({{"tr-sendfile",
          [&](Tally &t) {
              const int file = temporary_file(bulk);
              for (off_t at = 0; at < static_cast<off_t>(bulk);) {
                  const ssize_t n = sendfile(p.a, file, &at, bulk);
                  check(n > 0, "sendfile");
                  t.sent("tcp", p.host, n);
              }
          }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, bulk, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

void splice_out() {
    const Pair p = tcp_pair();
    run({{"tr-splicer",
          [&](Tally &t) {
              const int file = temporary_file(bulk);
              int ends[2];
              check(pipe(ends) == 0, "pipe");
              for (size_t left = bulk; left > 0;) {
                  const ssize_t in = splice(file, nullptr, ends[1], nullptr, 65536, 0);
                  check(in > 0, "splice in");
                  for (ssize_t rest = in; rest > 0;) {
                      const ssize_t n =
                          splice(ends[0], nullptr, p.a, nullptr, static_cast<size_t>(rest), 0);
                      check(n > 0, "splice out");
                      t.sent("tcp", p.host, n);
                      rest -= n;
                  }
                  left -= static_cast<size_t>(in);
              }
          }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, bulk, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

// Until most bytes have come, or the end. first: received by recv() before.
void splice_from(int fd, size_t most, Tally &t, const std::string &remote) {
    int ends[2];
    check(pipe(ends) == 0, "pipe");
    char data[65536];
    while (most > 0) {
        const ssize_t n =
            splice(fd, nullptr, ends[1], nullptr, std::min<size_t>(most, sizeof data), 0);
        check(n >= 0, "splice");
        if (n == 0)
            break;
        t.received("tcp", remote, n);
        most -= static_cast<size_t>(n);
        for (ssize_t rest = n; rest > 0;)
            rest -= read(ends[0], data, static_cast<size_t>(rest));
    }
}

void splice_in() {
    const Pair p = tcp_pair();
    run({{"tr-sender", [&](Tally &t) { send_all(p.a, bulk, t, "tcp", p.host); }},
         {"tr-splicer", [&](Tally &t) {
              receive_all(p.b, 1000, t, "tcp", p.host, 500);
              splice_from(p.b, bulk / 2, t, p.host);
              receive_all(p.b, 1000, t, "tcp", p.host, 500);
              splice_from(p.b, bulk - bulk / 2 - 2000, t, p.host);
          }}});
    close(p.a), close(p.b);
}

// The peer ends; all is read by splice, the end too.
void splice_fin() {
    const Pair p = tcp_pair();
    run({{"tr-sender",
          [&](Tally &t) {
              send_all(p.a, 100000, t, "tcp", p.host);
              shutdown(p.a, SHUT_WR);
          }},
         {"tr-splicer", [&](Tally &t) {
              splice_from(p.b, SIZE_MAX, t, p.host);
              close(p.b);
          }}});
    close(p.a), close(p.b);
}

// Some is left unread when the receiver closes.
void splice_unread() {
    const Pair p = tcp_pair();
    run({{"tr-sender",
          [&](Tally &t) {
              send_all(p.a, 50000, t, "tcp", p.host);
              shutdown(p.a, SHUT_WR);
          }},
         {"tr-splicer", [&](Tally &t) {
              splice_from(p.b, 30000, t, p.host);
              poll(nullptr, 0, 20);
              close(p.b);
          }}});
    close(p.a), close(p.b);
}

void vectors() {
    const Pair p = tcp_pair();
    run({{"tr-writev",
          [&](Tally &t) {
              char a[1000], b[2000], c[3];
              const iovec parts[] = {{a, sizeof a}, {b, sizeof b}, {c, sizeof c}};
              for (int i = 0; i < 10; i++)
                  t.sent("tcp", p.host, writev(p.a, parts, 3));
          }},
         {"tr-readv", [&](Tally &t) {
              char a[100], b[7];
              const iovec parts[] = {{a, sizeof a}, {b, sizeof b}};
              for (size_t got = 0; got < 30030;) {
                  const ssize_t n = readv(p.b, parts, 2);
                  check(n > 0, "readv");
                  t.received("tcp", p.host, n);
                  got += static_cast<size_t>(n);
              }
          }}});
    close(p.a), close(p.b);
}

void short_connections() {
    run({{"tr-short", [&](Tally &t) {
              for (int i = 0; i < 200; i++) {
                  const Pair p = tcp_pair();
                  send_all(p.a, 10, t, "tcp", p.host);
                  receive_all(p.b, 10, t, "tcp", p.host);
                  send_all(p.b, 20, t, "tcp", p.host);
                  receive_all(p.a, 20, t, "tcp", p.host);
                  close(p.a), close(p.b);
              }
          }}});
}

void short_processes() {
    std::vector<Role> roles;
    for (int i = 0; i < 20; i++)
        roles.push_back({"tr-mayfly" + std::to_string(i), [i](Tally &t) {
                             const Pair p = tcp_pair();
                             send_all(p.a, static_cast<size_t>(100 + i), t, "tcp", p.host);
                             receive_all(p.b, static_cast<size_t>(100 + i), t, "tcp", p.host);
                         }});
    run(roles);
}

void bursts() {
    std::vector<Role> roles;
    for (int i = 0; i < 8; i++)
        roles.push_back({"tr-burst" + std::to_string(i), [](Tally &t) {
                             const Pair p = tcp_pair();
                             for (int j = 0; j < 5; j++) {
                                 send_all(p.a, 40000, t, "tcp", p.host, 1000);
                                 receive_all(p.b, 40000, t, "tcp", p.host);
                             }
                         }});
    run(roles);
}

void threads() {
    run({{"tr-leader", [&](Tally &t) {
              Tally each[4];
              std::vector<std::thread> crew;
              for (int i = 0; i < 4; i++)
                  crew.emplace_back([&, i] {
                      prctl(PR_SET_NAME, ("tr-thread" + std::to_string(i)).c_str());
                      const Pair p = tcp_pair();
                      send_all(p.a, 30000, each[i], "tcp", p.host);
                      receive_all(p.b, 30000, each[i], "tcp", p.host);
                      close(p.a), close(p.b);
                  });
              for (std::thread &thread : crew)
                  thread.join();
              for (const Tally &one : each)
                  for (const auto &[flow, sums] : one.flows()) {
                      t.flows()[flow].sent += sums.sent;
                      t.flows()[flow].received += sums.received;
                  }
          }}});
}

// 300 threads sleep in recv() before anything comes.
void blocked() {
    run({{"tr-blocked", [&](Tally &t) {
              constexpr size_t many = 300;
              std::vector<Pair> pairs;
              std::vector<std::thread> crew;
              std::vector<long> got(many);
              for (size_t i = 0; i < many; i++)
                  pairs.push_back(tcp_pair());
              for (size_t i = 0; i < many; i++)
                  crew.emplace_back([&, i] {
                      char data[64];
                      got[i] = recv(pairs[i].b, data, sizeof data, 0);
                  });
              poll(nullptr, 0, 300);
              for (const Pair &p : pairs)
                  send_all(p.a, 33, t, "tcp", p.host);
              for (size_t i = 0; i < many; i++) {
                  crew[i].join();
                  t.received("tcp", "127.0.0.1", got[i]);
              }
          }}});
}

// Both processes use the same end.
void shared() {
    const Pair p = tcp_pair();
    run({{"tr-parent", [&](Tally &t) { send_all(p.a, 70000, t, "tcp", p.host); }},
         {"tr-child", [&](Tally &t) { send_all(p.a, 30000, t, "tcp", p.host); }},
         {"tr-receiver", [&](Tally &t) { receive_all(p.b, 100000, t, "tcp", p.host); }}});
    close(p.a), close(p.b);
}

void ktls() {
    const Pair p = tcp_pair();
    const auto enable = [](int fd) {
        if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4) != 0)
            throw Skip(std::string("no kernel TLS: ") + std::strerror(errno));
        tls12_crypto_info_aes_gcm_128 info{};
        info.info.version = TLS_1_2_VERSION;
        info.info.cipher_type = TLS_CIPHER_AES_GCM_128;
        if (setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof info) != 0 ||
            setsockopt(fd, SOL_TLS, TLS_RX, &info, sizeof info) != 0)
            throw Skip(std::string("no kernel TLS cipher: ") + std::strerror(errno));
    };
    run({{"tr-tls-out",
          [&](Tally &t) {
              enable(p.a);
              send_all(p.a, 100000, t, "tcp", p.host, 10000);
          }},
         {"tr-tls-in", [&](Tally &t) {
              enable(p.b);
              receive_all(p.b, 100000, t, "tcp", p.host);
          }}});
    close(p.a), close(p.b);
}

void nothing_there() {
    run({{"tr-nothing", [&](Tally &t) {
              const Pair p = tcp_pair();
              char data[10];
              for (int i = 0; i < 100; i++)
                  t.received("tcp", p.host, recv(p.b, data, sizeof data, MSG_DONTWAIT));
              send_all(p.a, 5, t, "tcp", p.host);
              receive_all(p.b, 5, t, "tcp", p.host);
              close(p.a);
              t.received("tcp", p.host, recv(p.b, data, sizeof data, 0));
              send(p.b, data, 1, MSG_NOSIGNAL) > 0 ? t.sent("tcp", p.host, 1) : void();
              poll(nullptr, 0, 20);
              t.sent("tcp", p.host, send(p.b, data, sizeof data, MSG_NOSIGNAL));
          }}});
}

} // namespace

const std::vector<Case> stream_cases = {
    {"tcp_bulk", tcp_bulk},
    {"tcp_duplex", tcp_duplex},
    {"tcp_ipv6", tcp_ipv6},
    {"tcp_mapped", tcp_mapped},
    {"mptcp", mptcp},
    {"sctp", sctp},
    {"drip", drip},
    {"peek", peek},
    {"zerocopy", zerocopy},
    {"sendfile", send_file},
    {"splice_out", splice_out},
    {"splice_in", splice_in},
    {"splice_fin", splice_fin},
    {"splice_unread", splice_unread},
    {"vectors", vectors},
    {"short_connections", short_connections},
    {"short_processes", short_processes},
    {"bursts", bursts},
    {"threads", threads},
    {"blocked", blocked},
    {"shared", shared},
    {"ktls", ktls},
    {"errors", nothing_there},
};

} // namespace traffic
