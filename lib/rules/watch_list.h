// SPDX-License-Identifier: MIT
// The list of watched ports (bpf/abi/watches.h): reading and changing it.
//
// A change is made completely or, with an error, not at all. Once the call has returned, it holds
// for running servers too. If a process is killed during a change, the next change repairs it.
#pragma once

#include "lib/pins/admin_maps.h"
#include "lib/rules/named_process.h"
#include "lib/rules/port_rule.h"

#include <optional>
#include <vector>

namespace pinpipe {

// Ports to be watched for all processes, or while one process has them.
struct Watch {
    PortRule ports;
    std::optional<Process> process;
};

// "5050/tcp is watched", "5050/tcp is watched while custom_server has it"
std::string watched_text(const Watch &watch);

// Whether the port of this word is watched for all processes.
constexpr bool is_always(uint64_t word) {
    return (word & WATCH_ALWAYS) == WATCH_ALWAYS;
}

class WatchList {
public:
    // Like the functions of AdminMaps.
    static Result<WatchList> open_to_read(const Pins &pins);
    static Result<WatchList> open_to_write(const Pins &pins, const LockWait &wait = {},
                                           RootLock root_lock = RootLock::take);

    struct Waiting { // a watch of a process
        watch_key key;
        std::string text; // the process as the administrator wrote it
    };
    Result<std::vector<Waiting>> waiting() const;
    Result<std::vector<uint64_t>> words() const; // WATCHED_WORDS of them

    // --- only after open_to_write() ---

    Result<bool> has(const Watch &watch) const; // every port

    // Watches that exist stay. A watch of a process needs the socket probes: else Exit::not_loaded.
    Result<void> add(const std::vector<Watch> &watches);

    // Removes watches of these ports for all processes. False: there were none.
    Result<bool> remove(const PortRule &ports);

    // Removes watches of these ports for that process, found by its current key or by its text.
    // False: there were none.
    Result<bool> remove(const PortRule &ports, const std::string &process);

    Result<bool> clear(); // false: nothing was watched

private:
    bool has_probes() const;
    uint64_t *word(uint32_t index) const { return words_.as<uint64_t>() + index; }
    Result<void> write(const std::vector<Waiting> &fresh) const;
    void remove_elements(const std::vector<Waiting> &gone) const;
    bool set_words(const std::vector<Waiting> &all) const;
    Result<void> take_effect(bool look) const;
    Result<void> look() const;

    AdminMaps maps_;
    std::string root_;
    Mapping watching_, words_; // after open_to_write()
};

} // namespace pinpipe
