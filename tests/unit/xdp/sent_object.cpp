// SPDX-License-Identifier: MIT
#include "tests/unit/xdp/sent_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <map>
#include <stdexcept>
#include <utility>

#include "bpf/tc/egress.skel.h"

namespace pinpipe::xdp_test {
namespace {

template <class T> std::vector<T> of_each_cpu(int fd, uint32_t key) {
    std::vector<T> each(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(fd, &key, each.data()))
        each.clear();
    return each;
}

} // namespace

void SentObject::Destroy::operator()(struct egress *skeleton) const {
    egress__destroy(skeleton);
}

SentObject::SentObject(Shape shape) : shape_(shape), skeleton_(egress__open()) {
    if (skeleton_) {
        skeleton_->rodata->hook_number = shape.hook;
        skeleton_->rodata->raw_ip = shape.link == Link::raw_ip;
    }
    if (!skeleton_ || egress__load(skeleton_.get()))
        throw std::runtime_error(std::string("load the tc object: ") + std::strerror(errno));
}

SentObject::~SentObject() = default;

SentObject *SentObject::loaded(Shape shape) {
    static std::map<std::pair<uint8_t, Link>, std::unique_ptr<SentObject>> objects;
    auto &object = objects[{shape.hook, shape.link}];
    if (!object)
        object = std::make_unique<SentObject>(shape);
    object->unwatch();
    return object.get();
}

std::optional<uint32_t> SentObject::run(Frame frame) {
    struct __sk_buff context = {}; // if given, the kernel fills in wire_len
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .ctx_in = &context,
                .ctx_size_in = sizeof context);
    if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.see_sent), &options) != 0)
        return std::nullopt;
    return options.retval;
}

void SentObject::watch(uint32_t index, uint64_t word) {
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.watched), &index, &word, BPF_ANY))
        throw std::runtime_error(std::string("watch a port: ") + std::strerror(errno));
    skeleton_->data_watching->watching.ports = 1;
    watched_.push_back(index);
}

void SentObject::unwatch() {
    for (const uint32_t index : std::exchange(watched_, {}))
        watch(index, 0);
    watched_.clear();
    skeleton_->data_watching->watching.ports = 0;
}

hook_counters SentObject::counters() const {
    hook_counters sum{};
    for (const auto &one :
         of_each_cpu<hook_counters>(bpf_map__fd(skeleton_->maps.counters), shape_.hook)) {
        sum.malformed += one.malformed;
        sum.truncated += one.truncated;
        sum.sent_fragments += one.sent_fragments;
    }
    return sum;
}

count_record SentObject::port_count(uint32_t index) const {
    const uint32_t key = COUNT_KEY(shape_.hook, COUNT_SENT, index);
    count_record sum{};
    for (const auto &one :
         of_each_cpu<count_record>(bpf_map__fd(skeleton_->maps.port_counts), key)) {
        sum.packets += one.packets;
        sum.bytes += one.bytes;
    }
    return sum;
}

} // namespace pinpipe::xdp_test
