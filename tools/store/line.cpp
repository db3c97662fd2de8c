#include "tools/store/line.h"

#include <algorithm>
#include <cstring>
#include <rapidjson/reader.h>

namespace pinpipe::store {
namespace {

// In the order in which ebpf-read writes them: each name is mostly the next one of the table.
enum Field : uint8_t {
    version,
    event_type,
    timestamp,
    timestamp_us,
    seq,
    host,
    pid,
    ppid,
    uid,
    comm,
    exe,
    cgroup_id,
    start_time,
    attribution,
    proto,
    remote_ip,
    remote_port,
    bytes_sent,
    bytes_received,
    calls_sent,
    calls_received,
    interval_ms,
    total,
    byte_layer,
    stream,
    count,
    FIELDS,
};

constexpr std::string_view names[FIELDS] = {"v",
                                            "event_type",
                                            "timestamp",
                                            "timestamp_us",
                                            "seq",
                                            "host",
                                            "pid",
                                            "ppid",
                                            "uid",
                                            "comm",
                                            "exe",
                                            "cgroup_id",
                                            "start_time",
                                            "attribution",
                                            "proto",
                                            "remote_ip",
                                            "remote_port",
                                            "bytes_sent",
                                            "bytes_received",
                                            "calls_sent",
                                            "calls_received",
                                            "interval_ms",
                                            "total",
                                            "byte_layer",
                                            "stream",
                                            "count"};

constexpr uint32_t bit(Field field) {
    return 1U << field;
}
constexpr uint32_t texts = bit(event_type) | bit(host) | bit(comm) | bit(exe) | bit(cgroup_id) |
                           bit(attribution) | bit(proto) | bit(remote_ip) | bit(byte_layer) |
                           bit(stream);
constexpr uint32_t of_usage = ~(bit(stream) | bit(count));
constexpr uint32_t of_every = bit(event_type) | bit(timestamp) | bit(timestamp_us) | bit(host);
constexpr uint64_t largest = 1ULL << 53;
constexpr unsigned deepest = 100;

struct Handler {
    Handler(const char *begin, std::vector<size_t> &all, std::vector<size_t> &unknown)
        : base(begin), members(all), others(unknown) {
        members.clear();
        others.clear();
    }

    const char *base; // of the text that is parsed in place
    std::vector<size_t> &members, &others;
    Text text[FIELDS];
    uint64_t number[FIELDS];
    size_t where[FIELDS];          // the member's number
    uint32_t there = 0, wrong = 0; // bits of fields
    bool is_total = false;
    unsigned depth = 0;
    unsigned field = FIELDS; // of the member being read; FIELDS: none of ours
    unsigned next = 0;

    bool Key(const char *name, rapidjson::SizeType length, bool) {
        if (depth != 1)
            return true;
        field = find({name, length});
        if (field == FIELDS)
            others.push_back(members.size());
        else
            where[field] = members.size();
        members.push_back(static_cast<size_t>(name - base) - 1); // its quote
        return true;
    }
    unsigned find(std::string_view name) {
        for (unsigned i = 0; i < FIELDS; i++) {
            const unsigned at = next + i < FIELDS ? next + i : next + i - FIELDS;
            if (names[at] == name) {
                next = at + 1 < FIELDS ? at + 1 : 0;
                return at;
            }
        }
        return FIELDS;
    }

    bool mine() const { return depth == 1 && field != FIELDS; }
    bool mismatch() {
        if (depth == 0)
            return false; // no object
        if (mine())
            wrong |= 1U << field;
        return true;
    }

    bool String(const char *value, rapidjson::SizeType length, bool) {
        if (!mine() || !(texts >> field & 1))
            return mismatch();
        text[field] = {{value, length}, true};
        there |= 1U << field;
        if (length > LineParser::longest_text)
            wrong |= 1U << field;
        return true;
    }
    bool Uint64(uint64_t value) {
        if (!mine() || (texts >> field & 1) || field == total || value > largest)
            return mismatch();
        number[field] = value;
        there |= 1U << field;
        return true;
    }
    bool Bool(bool value) {
        if (!mine() || field != total)
            return mismatch();
        is_total = value;
        return true;
    }
    bool Uint(unsigned value) { return Uint64(value); }
    bool Int(int) { return mismatch(); }
    bool Int64(int64_t) { return mismatch(); }
    bool Double(double) { return mismatch(); }
    bool Null() { return mismatch(); }
    bool RawNumber(const char *, rapidjson::SizeType, bool) { return false; }
    bool StartArray() { return mismatch() && ++depth <= deepest; }
    bool EndArray(rapidjson::SizeType) {
        depth--;
        return true;
    }
    bool StartObject() {
        if (depth && !mismatch())
            return false;
        return ++depth <= deepest;
    }
    bool EndObject(rapidjson::SizeType) {
        depth--;
        return true;
    }

    bool has(Field f) const { return there >> f & 1; }
    uint64_t value(Field f) const { return has(f) ? number[f] : Line::absent; }
    uint64_t sum(Field f) const { return has(f) ? number[f] : 0; }
};

// JSON that is ASCII alone needs no look at its encoding.
bool is_ascii(std::string_view text) {
    uint64_t all = 0, eight = 0;
    size_t at = 0;
    for (; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        all |= eight;
    }
    for (; at < text.size(); at++)
        all |= static_cast<unsigned char>(text[at]);
    return !(all & 0x8080808080808080);
}

// Of one that is cut off at the end, RapidJSON takes all bytes that should follow.
constexpr size_t longest_character = 4;

// So many zeros follow the text.
bool parse_in_place(char *text, bool ascii, Handler &handler) {
    rapidjson::InsituStringStream in(text);
    rapidjson::Reader reader;
    constexpr unsigned flags = rapidjson::kParseInsituFlag;
    constexpr unsigned checked = flags | rapidjson::kParseValidateEncodingFlag;
    return ascii ? !reader.Parse<flags>(in, handler).IsError()
                 : !reader.Parse<checked>(in, handler).IsError();
}

LineKind kind_of(const Handler &h) {
    if (h.wrong & of_every || !h.has(event_type))
        return LineKind::bad;
    const bool timed = h.has(timestamp) || h.has(timestamp_us);
    if (h.text[event_type].text == "usage") {
        if (h.wrong & of_usage || !timed || !h.has(bytes_sent) || !h.has(bytes_received))
            return LineKind::bad;
        return h.is_total ? LineKind::event : LineKind::counted;
    }
    if (h.text[event_type].text == "lost") {
        if (h.wrong & (bit(stream) | bit(count)) || !h.has(count))
            return LineKind::bad;
        return LineKind::lost;
    }
    return LineKind::event;
}

uint64_t time_of(const Handler &h) {
    if (h.has(timestamp_us))
        return h.number[timestamp_us];
    return h.has(timestamp) ? h.number[timestamp] * 1000 : Line::absent;
}

void take_usage(Line &line, const Handler &h) {
    line.comm = h.text[comm];
    line.exe = h.text[exe];
    line.cgroup = h.text[cgroup_id];
    line.proto = h.text[proto];
    line.remote = h.text[remote_ip];
    line.attribution = h.text[attribution];
    line.uid = h.value(uid);
    line.port = h.value(remote_port);
    line.pid = h.value(pid);
    line.ppid = h.value(ppid);
    line.start = h.value(start_time);
    line.interval = h.value(interval_ms);
    line.seq = h.value(seq);
    line.sums = {h.sum(bytes_sent), h.sum(bytes_received), h.sum(calls_sent),
                 h.sum(calls_received)};
}

// Members by their numbers, each with its name, joined by commas. Between one member and the next
// there is a comma, behind the last a brace, and nothing else but blanks.
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
    if (std::memchr(text.data(), 0, text.size())) // RapidJSON would take it for the end
        return line_;
    scratch_.assign(text.begin(), text.end());
    scratch_.insert(scratch_.end(), longest_character, 0);
    Handler h(scratch_.data(), members_, others_);
    if (!parse_in_place(scratch_.data(), is_ascii(text), h))
        return line_;
    line_.kind = kind_of(h);
    line_.total = h.is_total;
    line_.type = h.text[event_type];
    line_.host = h.text[host];
    line_.time = time_of(h);
    if (line_.time != Line::absent && line_.time > largest)
        line_.kind = LineKind::bad;
    if (line_.kind == LineKind::lost) {
        line_.stream = h.text[stream];
        line_.count = h.number[count];
    }
    if (line_.kind != LineKind::counted)
        return line_;
    take_usage(line_, h);
    // Columns stand for version 1 and bytes as sockets have them.
    if (h.has(version) && h.number[version] != 1)
        others_.push_back(h.where[version]);
    if (h.has(byte_layer) && h.text[byte_layer].text != "socket")
        others_.push_back(h.where[byte_layer]);
    for (const Field field : {stream, count}) // of another kind of line
        if ((h.there | h.wrong) >> field & 1)
            others_.push_back(h.where[field]);
    if (!others_.empty()) {
        std::sort(others_.begin(), others_.end());
        line_.extra = joined(text, members_, others_);
    }
    return line_;
}

} // namespace pinpipe::store
