// SPDX-License-Identifier: MIT
#include "tests/unit/xdp/object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <stdexcept>

#include "bpf/xdp/xdp.skel.h"

namespace pinpipe::xdp_test {
namespace {

size_t page_size() {
    static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

// Loads a program that returns the length of the first buffer. It fails for the same reasons as any
// XDP program: without the permission, or without the flag.
Fd load_measure(uint32_t flags) {
    const bpf_insn program[] = {
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_1, offsetof(struct xdp_md, data_end), 0},
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data), 0},
        {BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_0, BPF_REG_2, 0, 0},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = flags);
    return Fd(
        bpf_prog_load(BPF_PROG_TYPE_XDP, "measure", "GPL", program, std::size(program), &options));
}

[[noreturn]] void give_up(const std::string &doing) {
    throw std::runtime_error(doing + ": " + std::strerror(errno));
}

Fd make_map(bpf_map_type type, const char *name, uint32_t value, uint32_t entries, uint32_t flags) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
    const uint32_t key = value ? sizeof(uint32_t) : 0;
    Fd map(bpf_map_create(type, name, key, value, entries, &options));
    if (!map.valid())
        give_up(std::string("create map ") + name);
    return map;
}

Mapping map_bytes(int fd, size_t size, int protection, size_t offset) {
    const size_t pages = (size + page_size() - 1) / page_size() * page_size();
    auto mapping =
        Mapping::map(fd, pages, protection, static_cast<off_t>(offset), "a map of the test");
    if (!mapping)
        throw std::runtime_error(mapping.error().text);
    return std::move(*mapping);
}

} // namespace

size_t first_buffer_size() {
    static const size_t size = [] {
        const Fd program = load_measure(BPF_F_XDP_HAS_FRAGS);
        const Bytes frame(4 * page_size());
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<uint32_t>(frame.size()));
        const bool ran = program.valid() && !bpf_prog_test_run_opts(program.get(), &options);
        return ran ? options.retval : page_size() / 2;
    }();
    return size;
}

TestRing::TestRing(Fd ring) : ring_(std::move(ring)) {
    position_ = map_bytes(ring_.get(), page_size(), PROT_READ | PROT_WRITE, 0);
    data_ = map_bytes(ring_.get(), page_size() + 2 * ring_bytes, PROT_READ, page_size());
}

std::vector<Taken> TestRing::take() {
    const uint64_t end = __atomic_load_n(data_.as<uint64_t>(), __ATOMIC_ACQUIRE);
    const char *const data = data_.as<char>() + page_size();
    uint64_t at = consumer();
    std::vector<Taken> all;
    while (at < end) {
        const char *const record = data + at % ring_bytes;
        const auto header =
            __atomic_load_n(reinterpret_cast<const uint32_t *>(record), __ATOMIC_ACQUIRE);
        if (header & BPF_RINGBUF_BUSY_BIT)
            break;
        Taken taken = {header & ~BPF_RINGBUF_DISCARD_BIT, {}};
        std::memcpy(&taken.record, record + BPF_RINGBUF_HDR_SZ, sizeof taken.record);
        if (!(header & BPF_RINGBUF_DISCARD_BIT))
            all.push_back(taken);
        at += (taken.size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    }
    set_consumer(at);
    return all;
}

size_t TestRing::capacity() const {
    return (ring_bytes - 1) / (sizeof(icmp_record) + BPF_RINGBUF_HDR_SZ);
}

uint64_t TestRing::consumer() const {
    return *position_.as<uint64_t>();
}

void TestRing::set_consumer(uint64_t position) {
    __atomic_store_n(position_.as<uint64_t>(), position, __ATOMIC_RELEASE);
}

void XdpObject::Destroy::operator()(struct xdp *skeleton) const {
    xdp__destroy(skeleton);
}

int XdpObject::refused() {
    return load_measure(0).valid() ? 0 : errno;
}

XdpObject::XdpObject(Shape shape) : shape_(shape) {
    load();
    for (unsigned slot = 0; slot < MAX_READERS; slot++)
        make_slot(slot);
    // Before runs could split a frame, the kernel refused every length but the whole frame's.
    const Bytes frame(shortest_frame * 2);
    splits_ = has(Program::frags) && run(Program::frags, frame, shortest_frame).error == 0;
}

XdpObject::~XdpObject() = default;

void XdpObject::load() {
    skeleton_.reset(xdp__open());
    if (!skeleton_)
        give_up("open the XDP object");
    const bool frags = load_measure(BPF_F_XDP_HAS_FRAGS).valid();
    bpf_program__set_autoload(skeleton_->progs.see_frags, frags);
    skeleton_->rodata->hook_number = shape_.hook;
    skeleton_->rodata->raw_ip = shape_.link == Link::raw_ip;
    skeleton_->rodata->ring_size = ring_bytes;
    if (xdp__load(skeleton_.get()))
        give_up("load the XDP object");
    fd_[0] = bpf_program__fd(skeleton_->progs.see_packet);
    fd_[1] = frags ? bpf_program__fd(skeleton_->progs.see_frags) : -1;
    counters_fd_ = bpf_map__fd(skeleton_->maps.counters);
    losses_fd_ = bpf_map__fd(skeleton_->maps.losses);
}

void XdpObject::make_slot(unsigned slot) {
    const auto size = static_cast<uint32_t>(sizeof(reader_control));
    control_fds_[slot] = make_map(BPF_MAP_TYPE_ARRAY, "control", size, 1, BPF_F_MMAPABLE);
    controls_[slot] =
        map_bytes(control_fds_[slot].get(), sizeof(reader_control), PROT_READ | PROT_WRITE, 0);
    rings_.emplace_back(make_map(BPF_MAP_TYPE_RINGBUF, "ring", 0, ring_bytes, 0));
    set_maps(slot, true);
}

void XdpObject::set_maps(unsigned slot, bool there) {
    const int outer[] = {bpf_map__fd(skeleton_->maps.controls), bpf_map__fd(skeleton_->maps.rings)};
    const int inner[] = {control_fds_[slot].get(), rings_[slot].fd()};
    for (size_t i = 0; i < 2; i++)
        if (there ? bpf_map_update_elem(outer[i], &slot, &inner[i], BPF_ANY)
                  : bpf_map_delete_elem(outer[i], &slot))
            give_up("change the maps of a reader");
}

Ran XdpObject::run(Program program, Frame frame, std::optional<uint32_t> first_buffer,
                   uint32_t repeat) {
    thread_local Bytes out;
    out.assign(frame.size(), 0xee);
    struct xdp_md context = {};
    context.data_end = first_buffer.value_or(0);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()),
                .data_size_out = static_cast<uint32_t>(frame.size()));
    options.repeat = static_cast<int>(repeat);
    if (first_buffer) {
        options.ctx_in = &context;
        options.ctx_size_in = sizeof context;
    }
    const int error = bpf_prog_test_run_opts(fd_[static_cast<size_t>(program)], &options);
    const bool unchanged = options.data_size_out == frame.size() &&
                           std::memcmp(out.data(), frame.data(), frame.size()) == 0;
    return {error, options.retval, unchanged};
}

wanted_record &XdpObject::wanted() {
    return skeleton_->data_wanted->wanted;
}

reader_losses XdpObject::losses(unsigned slot) const {
    reader_losses losses = {};
    if (bpf_map_lookup_elem(losses_fd_, &slot, &losses))
        give_up("read losses");
    return losses;
}

void XdpObject::set_losses(unsigned slot, const reader_losses &losses) {
    if (bpf_map_update_elem(losses_fd_, &slot, &losses, BPF_ANY))
        give_up("write losses");
}

hook_counters XdpObject::counters(unsigned hook) const {
    static std::vector<hook_counters> each(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(counters_fd_, &hook, each.data()))
        give_up("read counters");
    hook_counters sum = {};
    for (const hook_counters &one : each) {
        sum.malformed += one.malformed;
        sum.truncated += one.truncated;
        sum.fragments += one.fragments;
        sum.port_fragments += one.port_fragments;
        sum.uncounted += one.uncounted;
    }
    return sum;
}

void XdpObject::watch(uint32_t index, uint64_t word) {
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.watched), &index, &word, BPF_ANY))
        give_up("watch a port");
    skeleton_->data_watching->watching.ports = 1;
    watched_.push_back(index);
}

void XdpObject::unwatch() {
    for (const uint32_t index : std::exchange(watched_, {}))
        watch(index, 0);
    watched_.clear();
    skeleton_->data_watching->watching.ports = 0;
}

count_record XdpObject::port_count(uint32_t index) const {
    const uint32_t key = COUNT_KEY(shape_.hook, 0, index);
    std::vector<count_record> each(static_cast<size_t>(libbpf_num_possible_cpus()));
    count_record sum{};
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.port_counts), &key, each.data()))
        return sum;
    for (const count_record &one : each) {
        sum.packets += one.packets;
        sum.bytes += one.bytes;
    }
    return sum;
}

void XdpObject::reset() {
    wanted() = {};
    for (unsigned slot = 0; slot < MAX_READERS; slot++) {
        control(slot) = {};
        ring(slot).take();
    }
}

} // namespace pinpipe::xdp_test
