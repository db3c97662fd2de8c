// SPDX-License-Identifier: MIT
#include "tools/ctl/readers_status.h"

#include "lib/pins/ring.h"
#include "lib/system/holders.h"

namespace pinpipe::ctl {
namespace {

// Another process writes these counts: their difference must not fall below zero.
uint64_t rise(uint64_t from, uint64_t to) {
    return to > from ? to - from : 0;
}

Result<ReaderStatus> read_reader(const Pins &pins, unsigned slot, const Fd &losses,
                                 const wanted_record &wanted) {
    ReaderStatus reader;
    reader.slot = slot;
    const std::string at = pins.reader(slot);
    if (const auto holder = lock_holder(at)) {
        reader.pid = holder->pid;
        reader.comm = holder->comm;
    }
    for (unsigned stream = 0; stream < STREAMS; stream++)
        reader.streams |= (wanted.readers[stream] >> slot & 1) << stream;
    auto ring = open_map(at + "/ring", ring_map, Access::write); // a mapping must be writable
    auto control = open_map(at + "/control", control_map, Access::read);
    if (!ring || !control)
        return fail(ring ? control.error() : ring.error());
    reader.frozen = is_frozen(ring->get()) || is_frozen(control->get());
    const auto unread = Ring::unread_of(*ring, at + "/ring");
    if (!unread)
        return fail(unread.error());
    reader.unread = *unread;

    reader_control said{};
    reader_losses counts{};
    if (auto read = read_element(*control, 0, said, at + "/control"); !read)
        return fail(read.error());
    if (auto read = read_element(losses, slot, counts, pins.path(losses_map.path)); !read)
        return fail(read.error());
    const reader_totals &claimed = said.claimed;
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        const uint64_t written = counts.written[stream], lost = counts.lost[stream];
        StreamCounts &now = reader.now[stream];
        now.lost = rise(claimed.lost[stream], lost);
        now.produced = rise(claimed.written[stream], written) + now.lost;
        now.delivered = rise(claimed.read[stream], said.read[stream]);
        reader.before[stream] = {written + lost, said.read[stream], lost};
    }
    return reader;
}

} // namespace

Result<std::vector<ReaderStatus>> gather_readers(const Pins &pins, unsigned slots) {
    auto losses = pins.open(losses_map, Access::read);
    if (!losses)
        return fail(losses.error());
    auto wanted = pins.open(wanted_map, Access::read);
    if (!wanted)
        return fail(wanted.error());
    wanted_record words{};
    if (auto read = read_element(*wanted, 0, words, pins.path(wanted_map.path)); !read)
        return fail(read.error());
    std::vector<ReaderStatus> readers;
    for (unsigned slot = 0; slot < slots; slot++) {
        auto reader = read_reader(pins, slot, *losses, words);
        if (!reader)
            return fail(reader.error());
        readers.push_back(std::move(*reader));
    }
    return readers;
}

} // namespace pinpipe::ctl
