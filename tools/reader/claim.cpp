// SPDX-License-Identifier: MIT
#include "tools/reader/claim.h"

#include "lib/system/directory_lock.h"
#include "lib/system/holders.h"

#include <atomic>
#include <cerrno>
#include <ctime>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace pinpipe {
namespace {

template <class T> std::atomic_ref<T> shared(T &word) {
    return std::atomic_ref<T>(word);
}

// "ebpf-read 4242, ebpf-read 4243"; empty where nobody can be seen.
std::string holders(const Pins &pins, unsigned slots) {
    std::string who;
    for (unsigned slot = 0; slot < slots; slot++)
        if (const auto holder = lock_holder(pins.reader(slot)))
            who += (who.empty() ? "" : ", ") + holder->comm + " " + std::to_string(holder->pid);
    return who;
}

Error none_free(const Pins &pins, unsigned slots) {
    const std::string who = holders(pins, slots);
    return failure("all " + std::to_string(slots) + " reader slots are taken" +
                   (who.empty() ? "" : " (" + who + ")"))
        .with_hint("end one of them, or: sudo ebpf-load --unload" + pin_root_option(pins.root()) +
                   ", and load with --readers N");
}

void wait_a_moment() {
    const timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
}

void clear_bits(wanted_record &wanted, unsigned slot) {
    for (__u32 &word : wanted.readers)
        shared(word).fetch_and(~(1U << slot));
}

bool has_bits(wanted_record &wanted, unsigned slot) {
    for (__u32 &word : wanted.readers)
        if (shared(word).load() >> slot & 1)
            return true;
    return false;
}

} // namespace

Result<void> Claim::open(const Pins &pins, const abi_record &abi, unsigned slot) {
    const std::string at = pins.reader(slot);
    auto control = open_map(at + "/control", control_map, Access::write);
    if (!control)
        return fail(control.error());
    auto page = map_array(*control, sizeof(reader_control), at + "/control");
    if (!page)
        return fail(page.error());
    auto ring = open_map(at + "/ring", ring_map, Access::write);
    if (!ring)
        return fail(ring.error());
    auto mapped = Ring::map(std::move(*ring), abi.ring_size, at + "/ring");
    if (!mapped)
        return fail(mapped.error());
    control_ = std::move(*page);
    ring_ = std::move(*mapped);
    slot_ = slot;
    return {};
}

void Claim::start(uint32_t streams, const Ask &ask) {
    auto &wanted = *wanted_.as<wanted_record>();
    auto &control = *control_.as<reader_control>();
    clear_bits(wanted, slot_);
    ring_.skip();

    reader_control fresh{};
    ask(fresh);
    generation_ = static_cast<uint16_t>(shared(control.generation).load() + 1);
    control.icmp = fresh.icmp;
    control.sockets = fresh.sockets;
    shared(control.generation).store(generation_, std::memory_order_release);

    base_ = counters();
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        control.claimed.written[stream] = base_.written[stream];
        control.claimed.lost[stream] = base_.lost[stream];
        control.claimed.read[stream] = read_before_[stream] = control.read[stream];
    }
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (streams >> stream & 1)
            shared(wanted.readers[stream]).fetch_or(1U << slot_);
}

// The first slot that is free and sound; none: lock_ stays empty. Sweeps on the way.
Result<void> Claim::occupy(const Pins &pins, const abi_record &abi) {
    auto &wanted = *wanted_.as<wanted_record>();
    Error unusable;
    for (unsigned slot = 0; slot < abi.readers; slot++) {
        if (lock_.valid() && !has_bits(wanted, slot))
            continue;
        auto lock = try_lock_directory(pins.reader(slot));
        if (!lock)
            return fail(lock.error());
        if (!lock->valid())
            continue;
        clear_bits(wanted, slot); // a dead reader's
        if (lock_.valid())
            continue;
        if (auto opened = open(pins, abi, slot); !opened)
            unusable = opened.error(); // frozen by another member of the group: the next one
        else
            lock_ = std::move(*lock);
    }
    if (lock_.valid() || unusable.text.empty())
        return {};
    const std::string who = holders(pins, abi.readers);
    if (!who.empty())
        unusable.text += "; the other reader slots are taken (" + who + ")";
    return fail(unusable);
}

Result<Claim> Claim::take(const Pins &pins, const abi_record &abi, uint32_t streams,
                          const Ask &ask) {
    Claim claim;
    auto wanted = pins.open(wanted_map, Access::write);
    if (!wanted)
        return fail(wanted.error());
    auto wanted_page = map_array(*wanted, sizeof(wanted_record), pins.path(wanted_map.path));
    if (!wanted_page)
        return fail(wanted_page.error());
    auto losses = pins.open(losses_map, Access::read);
    if (!losses)
        return fail(losses.error());
    claim.wanted_ = std::move(*wanted_page);
    claim.losses_ = std::move(*losses);

    // Another reader that sweeps holds a free slot for a moment: "all taken" must have held for a
    // while.
    for (int attempt = 0; attempt < 20 && !claim.lock_.valid(); attempt++) {
        if (attempt)
            wait_a_moment();
        auto occupied = claim.occupy(pins, abi);
        if (!occupied)
            return fail(occupied.error());
    }
    if (!claim.lock_.valid())
        return fail(none_free(pins, abi.readers));
    claim.start(streams, ask);
    return claim;
}

Claim &Claim::operator=(Claim &&other) noexcept {
    std::swap(lock_, other.lock_);
    std::swap(losses_, other.losses_);
    std::swap(wanted_, other.wanted_);
    std::swap(control_, other.control_);
    std::swap(ring_, other.ring_);
    std::swap(slot_, other.slot_);
    std::swap(generation_, other.generation_);
    std::swap(base_, other.base_);
    std::swap(read_before_, other.read_before_);
    return *this;
}

Claim::~Claim() {
    if (lock_.valid() && wanted_.size())
        clear_bits(*wanted_.as<wanted_record>(), slot_);
}

void Claim::set_hooks(uint64_t hooks) {
    shared(control_.as<reader_control>()->icmp.hooks).store(hooks);
}

void Claim::set_own(const socket_filter &filter) {
    socket_filter &shown = control_.as<reader_control>()->sockets;
    for (unsigned i = 0; i < FILTER_OWN; i++)
        shared(shown.own[i]).store(filter.own[i]);
}

uint64_t Claim::left_out() const {
    const reader_losses now = counters();
    uint64_t sum = 0;
    for (unsigned stream = 0; stream < STREAMS; stream++)
        sum += now.own[stream] - base_.own[stream];
    return sum;
}

reader_losses Claim::counters() const {
    reader_losses now{};
    static_cast<void>(
        read_element(losses_, slot_, now, "the losses map")); // an open array: cannot fail
    return now;
}

Claim::Counts Claim::counts(unsigned stream) const {
    const reader_losses now = counters();
    return {now.lost[stream] - base_.lost[stream], now.written[stream] - base_.written[stream]};
}

void Claim::note_read(unsigned stream, uint64_t count) {
    shared(control_.as<reader_control>()->read[stream])
        .store(read_before_[stream] + count, std::memory_order_relaxed);
}

void Claim::stop() {
    clear_bits(*wanted_.as<wanted_record>(), slot_);
    // Programs run inside RCU read-side sections; this waits for those that are under way.
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

} // namespace pinpipe
