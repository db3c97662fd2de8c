// SPDX-License-Identifier: MIT
// Who it is that does the traffic: processes that end soon, share a connection, or become another.
#include "tests/traffic/wire.h"

#include <cstdlib>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace traffic {

namespace {

// Each lives as long as one connection, and is gone before the case ends.
void short_lived(Case &c) {
    constexpr int processes = 20;
    const Fd listening = listen_on("127.0.0.1");
    c.role("tr-server", [&](Role &role) {
        for (int count = 0; count < processes; ++count) {
            const Wire wire(role, accept_from(listening));
            wire.send(500);
            wire.drain();
        }
    });
    c.role("tr-spawner", [&](Role &role) {
        for (int count = 0; count < processes; ++count) {
            const auto live = [&](Role &self) {
                const Wire wire(self, connect_to(local_address(listening)));
                wire.send(1000 + static_cast<size_t>(count));
                wire.receive(500);
            };
            role.spawn(("tr-brief-" + std::to_string(count)).c_str(), live, Role::Life::brief);
        }
        while (wait(nullptr) > 0)
            ;
    });
}

void short_lived_udp(Case &c) {
    constexpr int processes = 20;
    const Fd socket = bind_to("127.0.0.1", udp);
    c.role("tr-receiver", [&](Role &role) {
        for (int count = 0; count < processes; ++count) {
            Address from;
            const auto size =
                check(recvfrom(socket.get(), scratch(), scratch_size, 0, from.get(), &from.length),
                      "recvfrom");
            role.tally("udp", from.text()).received += static_cast<uint64_t>(size);
        }
    });
    c.role("tr-spawner", [&](Role &role) {
        for (int count = 0; count < processes; ++count) {
            const auto live = [&](Role &self) {
                const Wire wire(self, connect_to(local_address(socket), udp), udp);
                wire.send(100 + static_cast<size_t>(count));
            };
            role.spawn(("tr-brief-" + std::to_string(count)).c_str(), live, Role::Life::brief);
        }
        while (wait(nullptr) > 0)
            ;
    });
}

// Parent and child send and receive on the same connection, which the parent made.
void forked_child(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            const Gate child_done;
            const std::string peer = "127.0.0.1";
            wire.send(1000);
            wire.role().spawn("tr-child", [&](Role &self) {
                const Wire mine(self, Fd(dup(wire.fd())), "tcp", peer);
                mine.send(2000);
                mine.receive(300);
                child_done.open();
            });
            wire.send(4000);
            expect(child_done.pass(), "the child does not end");
            wire.receive(400);
            wire.send(10);
        },
        [](Wire &wire) {
            wire.receive(7000);
            wire.send(300);
            wire.send(400);
            wire.receive(10);
        });
}

void send_descriptor(int through, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr *const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    check(sendmsg(through, &message, 0), "SCM_RIGHTS");
}

Fd receive_descriptor(int through) {
    char byte, control[CMSG_SPACE(sizeof(int))] = {};
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    check(recvmsg(through, &message, 0), "SCM_RIGHTS");
    expect(CMSG_FIRSTHDR(&message) != nullptr, "no descriptor");
    int fd;
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return Fd(fd);
}

// One process connects, another does the traffic.
void passed_socket(Case &c) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    const Fd giving(ends[0]), taking(ends[1]);
    const Fd listening = listen_on("127.0.0.1");
    c.role("tr-server", [&](Role &role) {
        const Wire wire(role, accept_from(listening));
        wire.receive(9000);
        wire.send(800);
    });
    c.role("tr-giver", [&](Role &) {
        send_descriptor(giving.get(), connect_to(local_address(listening)).get());
    });
    c.role("tr-taker", [&](Role &role) {
        const Wire wire(role, receive_descriptor(taking.get()));
        wire.send(9000);
        wire.receive(800);
    });
}

// The process stays, its program and name change.
void exec(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            wire.send(5000);
            wire.receive(100);
            wire.role().report();
            const Wiring &wiring = wire.role().wiring();
            const int kept[] = {wire.fd(), wiring.report, wiring.release};
            std::string words[3];
            for (int at = 0; at < 3; ++at) {
                check(fcntl(kept[at], F_SETFD, 0), "F_SETFD");
                words[at] = std::to_string(kept[at]);
            }
            execl("/proc/self/exe", "traffic", "continue", words[0].c_str(), words[1].c_str(),
                  words[2].c_str(), nullptr);
            throw Failed{std::string("execl: ") + std::strerror(errno)};
        },
        [](Wire &wire) {
            wire.receive(5000);
            wire.send(100);
            wire.receive(6000);
            wire.send(200);
        });
}

// Its parent ends before its traffic begins.
void orphan(Case &c) {
    const Fd listening = listen_on("127.0.0.1");
    const Gate parent_gone;
    c.role("tr-server", [&](Role &role) {
        const Wire wire(role, accept_from(listening));
        wire.receive(3000);
        wire.send(60);
    });
    c.role("tr-grandparent", [&](Role &role) {
        const pid_t parent = role.spawn(
            "tr-parent",
            [&](Role &self) {
                const auto live = [&](Role &own) {
                    expect(parent_gone.pass(), "the parent does not end");
                    const Wire wire(own, connect_to(local_address(listening)));
                    wire.send(3000);
                    wire.receive(60);
                };
                self.spawn("tr-orphan", live, Role::Life::orphan);
            },
            Role::Life::brief);
        check(waitpid(parent, nullptr, 0), "waitpid");
        parent_gone.open();
    });
}

// Renames its leader while it sends.
void renamed(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            wire.send(1000);
            prctl(PR_SET_NAME, "tr-new-name");
            wire.send(2000);
        },
        [](Wire &wire) { wire.drain(); });
}

void bring_lo_up() {
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    const Fd any(check(socket(AF_INET, SOCK_DGRAM, 0), "socket"));
    check(ioctl(any.get(), SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    check(ioctl(any.get(), SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

// Client and server live in a network namespace (and pid namespace) of their own.
void in_namespaces(Case &c, int namespaces) {
    c.role("tr-outside", [=](Role &role) {
        if (unshare(namespaces) != 0)
            throw Skipped{std::string("no namespaces: ") + std::strerror(errno)};
        bring_lo_up();
        const Fd listening = listen_on("127.0.0.1");
        const Address to = local_address(listening);
        role.spawn("tr-server", [&](Role &self) {
            const Wire wire(self, accept_from(listening));
            wire.receive(7000);
            wire.send(90);
        });
        role.spawn("tr-client", [&](Role &self) {
            const Wire wire(self, connect_to(to));
            wire.send(7000);
            wire.receive(90);
        });
    });
}

void netns(Case &c) {
    in_namespaces(c, CLONE_NEWNET);
}
void netns_pidns(Case &c) {
    in_namespaces(c, CLONE_NEWNET | CLONE_NEWPID);
}

constexpr Entry entries[] = {
    {"short_lived", short_lived},
    {"short_lived_udp", short_lived_udp},
    {"forked_child", forked_child},
    {"passed_socket", passed_socket},
    {"exec", exec},
    {"orphan", orphan},
    {"renamed", renamed},
    {"netns", netns},
    {"netns_pidns", netns_pidns},
};

} // namespace

std::span<const Entry> process_cases() {
    return entries;
}

void continue_after_exec(char **arguments) {
    int fds[3] = {};
    for (int at = 0; at < 3 && arguments[at]; ++at)
        fds[at] = std::atoi(arguments[at]);
    Role role({fds[1], -1, fds[2]});
    role.live(
        "tr-after-exec",
        [&](Role &self) {
            const Wire wire(self, Fd(fds[0]));
            wire.send(6000);
            wire.receive(200);
        },
        Role::Life::whole);
}

} // namespace traffic
