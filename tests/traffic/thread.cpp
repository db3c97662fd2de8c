// SPDX-License-Identifier: MIT
// Processes with many threads: whatever they call themselves, the bytes are their process's.
#include "tests/traffic/wire.h"

#include <sys/prctl.h>

namespace traffic {

namespace {

void rename_thread(const char *prefix, size_t number) {
    prctl(PR_SET_NAME, (prefix + std::to_string(number)).c_str());
}

void threads_renamed(Case &c) {
    constexpr size_t threads = 4;
    const Fd listening = listen_on("127.0.0.1");
    c.role("tr-server", [&](Role &role) {
        std::vector<std::thread> all;
        for (size_t number = 0; number < threads; ++number)
            all.emplace_back([number, wire = Wire(role, accept_from(listening))] {
                rename_thread("worker-", number);
                wire.drain();
                wire.send(123);
            });
        for (std::thread &thread : all)
            thread.join();
    });
    c.role("tr-client", [&](Role &role) {
        std::vector<std::thread> all;
        for (size_t number = 0; number < threads; ++number)
            all.emplace_back([&, number] {
                rename_thread("sender-", number);
                const Wire wire(role, connect_to(local_address(listening)));
                wire.send(10000 + number);
                wire.shut();
                wire.drain();
            });
        for (std::thread &thread : all)
            thread.join();
    });
}

// All block before the first byte comes.
void threads_blocked(Case &c) {
    constexpr size_t threads = 300;
    const Fd listening = listen_on("127.0.0.1");
    const Gate blocked;
    c.role("tr-server", [&](Role &role) {
        std::vector<Wire> wires;
        for (size_t number = 0; number < threads; ++number)
            wires.emplace_back(role, accept_from(listening));
        for (size_t number = 0; number < threads; ++number)
            expect(blocked.pass(), "a thread does not begin");
        sleep_ms(100); // from the gate into the call
        for (size_t number = 0; number < threads; ++number)
            wires[number].send(100 + number);
    });
    c.role("tr-client", [&](Role &role) {
        std::vector<std::thread> all;
        for (size_t number = 0; number < threads; ++number)
            all.emplace_back([&] {
                const Wire wire(role, connect_to(local_address(listening)));
                blocked.open();
                wire.drain();
            });
        for (std::thread &thread : all)
            thread.join();
    });
}

// Several threads on one connection.
void threads_one_socket(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            std::vector<std::thread> all;
            for (size_t number = 0; number < 4; ++number)
                all.emplace_back([&] { wire.send(20000, 1000); });
            for (std::thread &thread : all)
                thread.join();
        },
        [](Wire &wire) {
            std::vector<std::thread> all;
            for (size_t number = 0; number < 4; ++number)
                all.emplace_back([&] { wire.drain(); });
            for (std::thread &thread : all)
                thread.join();
        });
}

constexpr Entry entries[] = {
    {"threads_renamed", threads_renamed},
    {"threads_blocked", threads_blocked},
    {"threads_one_socket", threads_one_socket},
};

} // namespace

std::span<const Entry> thread_cases() {
    return entries;
}

} // namespace traffic
