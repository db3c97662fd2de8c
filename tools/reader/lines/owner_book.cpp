// SPDX-License-Identifier: MIT
#include "tools/reader/lines/owner_book.h"

#include "bpf/abi/usage.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace pinpipe {
namespace {

// Protocols whose ports are watched.
std::optional<uint32_t> index_of(const socket_record &socket) {
    if (!socket.local_port)
        return std::nullopt;
    switch (socket.proto) {
    case 6:
    case USAGE_MPTCP: return uint32_t{RULE_TCP} << 16 | socket.local_port;
    case 17: return uint32_t{RULE_UDP} << 16 | socket.local_port;
    default: return std::nullopt;
    }
}

template <size_t N> std::string text_of(const char (&bytes)[N]) {
    return {bytes, strnlen(bytes, N)};
}

} // namespace

PortOwner &OwnerBook::find(Entry &entry, uint32_t pid, uint64_t start) {
    for (PortOwner &owner : entry.owners)
        if (owner.pid == pid && owner.start == start)
            return owner;
    PortOwner fresh;
    fresh.pid = pid;
    fresh.start = start;
    entry.owners.push_back(std::move(fresh));
    return entry.owners.back();
}

PortOwner *OwnerBook::bind(const bind_record &record) {
    const socket_record &socket = record.socket;
    const auto index = index_of(socket);
    if (!index || !socket.process.pid)
        return nullptr;
    Entry &entry = ports_[{record.netns, *index}];
    PortOwner &owner = find(entry, socket.process.pid, socket.process.start);
    owner.uid = socket.process.uid;
    owner.comm = text_of(socket.process.comm);
    owner.exact = owner.exact || !(socket.flags & SOCKET_FOUND);
    if (!owner.bound)
        entry.changed = true;
    owner.bound = owner.holds = true;
    return &owner;
}

void OwnerBook::note(const bind_record &record) {
    if (record.action != BIND_CLOSE)
        bind(record);
}

void OwnerBook::look(const std::vector<bind_record> &all) {
    for (auto &[place, entry] : ports_)
        for (PortOwner &owner : entry.owners)
            owner.holds = false;
    for (const bind_record &record : all)
        bind(record);
    for (auto &[place, entry] : ports_)
        entry.changed =
            entry.changed || std::any_of(entry.owners.begin(), entry.owners.end(),
                                         [](const PortOwner &o) { return o.bound && !o.holds; });
}

void OwnerBook::use(const port_user &user, const port_usage &sum) {
    Entry &entry = ports_[{user.netns, user.index}];
    PortOwner &owner = find(entry, user.pid, user.start);
    if (owner.comm.empty()) {
        owner.comm = text_of(sum.process.comm);
        owner.uid = sum.process.uid;
    }
    owner.exact = owner.counted = true;
    owner.bytes_sent += sum.bytes_sent;
    owner.bytes_received += sum.bytes_received;
}

const std::vector<PortOwner> &OwnerBook::owners(const PortPlace &place) const {
    static const std::vector<PortOwner> nobody;
    const auto found = ports_.find(place);
    return found == ports_.end() ? nobody : found->second.owners;
}

std::vector<PortPlace> OwnerBook::changed() const {
    std::vector<PortPlace> places;
    for (const auto &[place, entry] : ports_)
        if (entry.changed)
            places.push_back(place);
    return places;
}

void OwnerBook::forget() {
    for (auto at = ports_.begin(); at != ports_.end();) {
        Entry &entry = at->second;
        // Somebody who has gone was told with his going; that the rest has changed comes after it.
        entry.changed = std::erase_if(entry.owners, [](const PortOwner &owner) {
                            return owner.bound && !owner.holds;
                        }) > 0;
        std::erase_if(entry.owners, [](const PortOwner &owner) { return !owner.holds; });
        for (PortOwner &owner : entry.owners) {
            owner.counted = false;
            owner.bytes_sent = owner.bytes_received = 0;
        }
        at = entry.owners.empty() && !entry.changed ? ports_.erase(at) : std::next(at);
    }
}

} // namespace pinpipe
