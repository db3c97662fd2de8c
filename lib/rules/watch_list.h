// SPDX-License-Identifier: MIT
// Which ports are watched (bpf/watches.h): looking at the list, changing it.
//
// A change is all of it or, with an error, nothing; once it has returned, it holds for servers that
// run already. What a killed one left half done the next change puts right.
#pragma once

#include "lib/pins/admin_maps.h"
#include "lib/rules/port_rule.h"
#include "lib/rules/process.h"

#include <optional>
#include <vector>

namespace pinpipe {

// Ports to be watched whoever has them, or while a process has them.
struct Watch {
    PortRule ports;
    std::optional<Process> process;
};

// "5050/tcp is watched", "5050/tcp is watched while custom_server has it"
std::string watched_text(const Watch &watch);

// Whether the port of this word is watched whoever has it.
constexpr bool is_always(uint64_t word) {
    return (word & WATCH_ALWAYS) == WATCH_ALWAYS;
}

class WatchList {
public:
    // As AdminMaps.
    static Result<WatchList> open_to_read(const Pins &pins);
    static Result<WatchList> open_to_write(const Pins &pins, const LockWait &wait = {},
                                           RootLock root_lock = RootLock::take);

    struct Waiting { // for a process
        watch_key key;
        std::string text; // the process as it was written
    };
    Result<std::vector<Waiting>> waiting() const;
    Result<std::vector<uint64_t>> words() const; // WATCHED_WORDS of them

    // --- to change ---

    Result<bool> has(const Watch &watch) const; // all of it

    // What is there already stays. Processes need the socket probes: Exit::not_loaded.
    Result<void> add(const std::vector<Watch> &watches);

    // As far as they are watched whoever has them. False: nowhere.
    Result<bool> remove(const PortRule &ports);

    // As far as they are watched for that process: by what it is now or by how it was written.
    // False: nowhere.
    Result<bool> remove(const PortRule &ports, const std::string &process);

    Result<bool> clear(); // false: nothing was watched

private:
    bool has_probes() const;
    uint64_t *word(uint32_t index) const { return words_.as<uint64_t>() + index; }
    Result<void> write(const std::vector<Waiting> &fresh) const;
    void remove_elements(const std::vector<Waiting> &gone) const;
    bool set_words(const std::vector<Waiting> &all) const;
    Result<void> settle(bool look) const;
    Result<void> look() const;

    AdminMaps maps_;
    std::string root_;
    Mapping watching_, words_; // to change
};

} // namespace pinpipe
