#include "lib/claim.h"

#include "lib/holders.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace pinpipe {
namespace {

template <class T> std::atomic_ref<T> shared(T &word) {
    return std::atomic_ref<T>(word);
}

// The directory's lock; an empty Fd when somebody holds it.
Result<Fd> lock_slot(const std::string &path) {
    for (;;) {
        Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir.valid())
            return fail(system_error("open " + path, errno));
        if (flock(dir.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                return Fd();
            return fail(system_error("lock " + path, errno));
        }
        struct stat ours {
        }, now{};
        if (fstat(dir.get(), &ours) == 0 && stat(path.c_str(), &now) == 0 &&
            ours.st_ino == now.st_ino && ours.st_dev == now.st_dev)
            return dir;
    }
}

// unusable: why a free slot could not be used, or no text.
Error none_free(const Pins &pins, unsigned slots, const Error &unusable) {
    std::string who;
    for (unsigned slot = 0; slot < slots; slot++)
        if (const auto holder = lock_holder(pins.reader(slot)))
            who += (who.empty() ? "" : ", ") + holder->comm + " " + std::to_string(holder->pid);
    if (unusable.text.empty())
        return failure("all " + std::to_string(slots) + " reader slots are taken" +
                       (who.empty() ? "" : " (" + who + ")"))
            .with_hint("end one of them, or: sudo ebpf-load --unload" +
                       pin_root_option(pins.root()) + ", and load with --readers N");
    Error error = unusable;
    if (!who.empty())
        error.text += "; the other reader slots are taken (" + who + ")";
    return error;
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

    Error unusable;
    for (unsigned slot = 0; slot < abi.readers; slot++) {
        const bool ours = claim.lock_.valid();
        if (ours && !has_bits(*claim.wanted_.as<wanted_record>(), slot))
            continue;
        auto lock = lock_slot(pins.reader(slot));
        if (!lock)
            return fail(lock.error());
        if (!lock->valid())
            continue;
        clear_bits(*claim.wanted_.as<wanted_record>(), slot); // a dead reader's
        if (ours)
            continue;
        if (auto opened = claim.open(pins, abi, slot); !opened)
            unusable = opened.error(); // frozen by another member of the group: the next one
        else
            claim.lock_ = std::move(*lock);
    }
    if (!claim.lock_.valid())
        return fail(none_free(pins, abi.readers, unusable));
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
