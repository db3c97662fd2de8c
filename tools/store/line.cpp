// SPDX-License-Identifier: MIT
#include "tools/store/line.h"

#include "lib/event/event_fields.h"
#include "tools/store/members.h"

#include <algorithm>

namespace pinpipe::store {
namespace {

// In the order in which ebpf-read writes them, so that each name is mostly found at once.
using Fields =
    EventFields<"v", "event_type", "timestamp", "timestamp_us", "seq", "host", "pid", "ppid", "uid",
                "comm", "exe", "cgroup_id", "start_time", "attribution", "proto", "remote_ip",
                "remote_port", "bytes_sent", "bytes_received", "calls_sent", "calls_received",
                "interval_ms", "total", "byte_layer", "stream", "count">;
constexpr uint64_t largest_number = Fields::largest_number;

constexpr std::string_view quoted_layer = usage_constant<"byte_layer">();
constexpr std::string_view bytes_of_sockets = quoted_layer.substr(1, quoted_layer.size() - 2);

// Also notes where each member begins.
class Handler : public Fields {
public:
    // base: the beginning of the text, which is parsed in place.
    Handler(const char *base, std::vector<size_t> &members, std::vector<size_t> &others)
        : base_(base), members_(members), others_(others) {
        members_.clear();
        others_.clear();
    }

    bool Key(const char *name, rapidjson::SizeType length, bool copy) {
        Fields::Key(name, length, copy);
        if (depth() != 1)
            return true;
        if (field() == size)
            others_.push_back(members_.size());
        else
            where_[field()] = members_.size();
        members_.push_back(static_cast<size_t>(name - base_) - 1); // its quote
        return true;
    }

    // The member's number.
    template <Literal NAME> size_t where() const { return where_[index<NAME>]; }
    template <Literal NAME> Text text_of() const { return {text<NAME>(), has<NAME>()}; }
    template <Literal NAME> uint64_t value() const { return number<NAME>(Line::absent); }

private:
    const char *base_;
    std::vector<size_t> &members_, &others_;
    size_t where_[size];
};

LineKind kind_of(const Handler &h) {
    if (h.wrong<"event_type", "timestamp", "timestamp_us", "host">() || !h.has<"event_type">())
        return LineKind::bad;
    const bool timed = h.has<"timestamp">() || h.has<"timestamp_us">();
    if (h.text<"event_type">() == usage_table.event_type) {
        if (h.wrong_but<"stream", "count">() || !timed || !h.has<"bytes_sent", "bytes_received">())
            return LineKind::bad;
        return h.flag<"total">() ? LineKind::event : LineKind::counted;
    }
    if (h.text<"event_type">() == lost_table.event_type) {
        if (h.wrong<"stream", "count">() || !h.has<"count">())
            return LineKind::bad;
        return LineKind::lost;
    }
    return LineKind::event;
}

uint64_t time_of(const Handler &h) {
    if (h.has<"timestamp_us">())
        return h.number<"timestamp_us">();
    return h.has<"timestamp">() ? h.number<"timestamp">() * 1000 : Line::absent;
}

void take_usage(Line &line, const Handler &h) {
    line.comm = h.text_of<"comm">();
    line.exe = h.text_of<"exe">();
    line.cgroup = h.text_of<"cgroup_id">();
    line.proto = h.text_of<"proto">();
    line.remote = h.text_of<"remote_ip">();
    line.attribution = h.text_of<"attribution">();
    line.uid = h.value<"uid">();
    line.port = h.value<"remote_port">();
    line.pid = h.value<"pid">();
    line.ppid = h.value<"ppid">();
    line.start = h.value<"start_time">();
    line.interval = h.value<"interval_ms">();
    line.seq = h.value<"seq">();
    line.sums = {h.number<"bytes_sent">(), h.number<"bytes_received">(), h.number<"calls_sent">(),
                 h.number<"calls_received">()};
}

// The text of members, given by their numbers, joined by commas. In the object, a comma and blanks
// stand between one member and the next, a brace and blanks behind the last.
std::string joined(std::string_view object, const std::vector<size_t> &begins,
                   const std::vector<size_t> &numbers) {
    const auto trim = [](std::string_view &text) {
        const size_t last = text.find_last_not_of(" \t\r\n");
        text = text.substr(0, last == text.npos ? 0 : last + 1);
    };
    std::string out;
    for (const size_t number : numbers) {
        const size_t end = number + 1 < begins.size() ? begins[number + 1] : object.size();
        std::string_view member = object.substr(begins[number], end - begins[number]);
        trim(member);
        member.remove_suffix(1);
        trim(member);
        out.append(out.empty() ? "" : ",").append(member);
    }
    return out;
}

} // namespace

const Line &LineParser::parse(std::string_view text) {
    line_ = Line();
    if (text.find_first_not_of(" \t\r") == text.npos) {
        line_.kind = LineKind::empty;
        return line_;
    }
    Handler h(scratch_.put(text), members_, others_);
    if (!scratch_.parse(h))
        return line_;
    line_.kind = kind_of(h);
    line_.total = h.flag<"total">();
    line_.type = h.text_of<"event_type">();
    line_.host = h.text_of<"host">();
    line_.time = time_of(h);
    if (line_.time != Line::absent && line_.time > largest_number)
        line_.kind = LineKind::bad;
    if (line_.kind == LineKind::lost) {
        line_.stream = h.text_of<"stream">();
        line_.count = h.number<"count">();
    }
    if (line_.kind != LineKind::counted)
        return line_;
    take_usage(line_, h);
    // The columns stand for version 1 and bytes of sockets; other values are kept as text.
    if (h.has<"v">() && h.number<"v">() != 1)
        others_.push_back(h.where<"v">());
    if (h.has<"byte_layer">() && h.text<"byte_layer">() != bytes_of_sockets)
        others_.push_back(h.where<"byte_layer">());
    // Fields of lost lines are kept as text:
    if (h.mentions<"stream">())
        others_.push_back(h.where<"stream">());
    if (h.mentions<"count">())
        others_.push_back(h.where<"count">());
    if (!others_.empty()) {
        std::sort(others_.begin(), others_.end());
        line_.extra = joined(text, members_, others_);
    }
    return line_;
}

} // namespace pinpipe::store
