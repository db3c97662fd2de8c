// The members of one JSON object that a table names, read in one pass by RapidJSON's reader: a
// handler of its events that keeps the texts and whole numbers of the outermost object and passes
// over all else.
#pragma once

#include <cstdint>
#include <rapidjson/reader.h>
#include <span>
#include <string_view>
#include <vector>

namespace pinpipe {

template <unsigned FIELDS> class FlatObject {
    static_assert(FIELDS <= 64);

public:
    static constexpr uint64_t largest_number = 1ULL << 53;
    static constexpr size_t longest_text = 4096;
    static constexpr unsigned deepest = 100;

    // names: in the order in which they mostly come, so that each is found at once. texts and bools
    // have a bit for each field that is one; the others are whole numbers.
    constexpr FlatObject(std::span<const std::string_view, FIELDS> names, uint64_t texts,
                         uint64_t bools)
        : names_(names), texts_(texts), bools_(bools) {}

    bool has(unsigned field) const { return there_ >> field & 1; }
    // Of another type than its column's, too long or too large.
    bool wrong(uint64_t fields) const { return wrong_ & fields; }
    bool mentions(unsigned field) const { return (there_ | wrong_) >> field & 1; }
    std::string_view text(unsigned field) const {
        return has(field) ? text_[field] : std::string_view();
    }
    uint64_t number(unsigned field, uint64_t absent = 0) const {
        return has(field) ? number_[field] : absent;
    }

    // What RapidJSON calls.
    bool Key(const char *name, rapidjson::SizeType length, bool) {
        if (depth_ == 1)
            field_ = find({name, length});
        return true;
    }
    bool String(const char *value, rapidjson::SizeType length, bool) {
        if (!mine() || !(texts_ >> field_ & 1))
            return mismatch();
        text_[field_] = {value, length};
        there_ |= 1ULL << field_;
        if (length > longest_text)
            wrong_ |= 1ULL << field_;
        return true;
    }
    bool Uint64(uint64_t value) {
        if (!mine() || ((texts_ | bools_) >> field_ & 1) || value > largest_number)
            return mismatch();
        number_[field_] = value;
        there_ |= 1ULL << field_;
        return true;
    }
    bool Bool(bool value) {
        if (!mine() || !(bools_ >> field_ & 1))
            return mismatch();
        number_[field_] = value;
        there_ |= 1ULL << field_;
        return true;
    }
    bool Uint(unsigned value) { return Uint64(value); }
    bool Int(int) { return mismatch(); }
    bool Int64(int64_t) { return mismatch(); }
    bool Double(double) { return mismatch(); }
    bool Null() { return mismatch(); }
    bool RawNumber(const char *, rapidjson::SizeType, bool) { return false; }
    bool StartArray() { return mismatch() && ++depth_ <= deepest; }
    bool EndArray(rapidjson::SizeType) {
        depth_--;
        return true;
    }
    bool StartObject() {
        if (depth_ && !mismatch())
            return false;
        return ++depth_ <= deepest;
    }
    bool EndObject(rapidjson::SizeType) {
        depth_--;
        return true;
    }

protected:
    unsigned depth() const { return depth_; }
    unsigned field() const { return field_; } // of the member that begins; FIELDS: none of ours

private:
    unsigned find(std::string_view name) {
        for (unsigned i = 0; i < FIELDS; i++) {
            const unsigned at = next_ + i < FIELDS ? next_ + i : next_ + i - FIELDS;
            if (names_[at] == name) {
                next_ = at + 1 < FIELDS ? at + 1 : 0;
                return at;
            }
        }
        return FIELDS;
    }
    bool mine() const { return depth_ == 1 && field_ != FIELDS; }
    bool mismatch() {
        if (depth_ == 0)
            return false; // no object
        if (mine())
            wrong_ |= 1ULL << field_;
        return true;
    }

    std::span<const std::string_view, FIELDS> names_;
    uint64_t texts_, bools_;
    std::string_view text_[FIELDS];
    uint64_t number_[FIELDS] = {}; // of those that are there
    uint64_t there_ = 0, wrong_ = 0;
    unsigned depth_ = 0, field_ = FIELDS, next_ = 0;
};

// The text that a reader takes apart in place: the handler's texts point into it.
class JsonScratch {
public:
    // Where text stands from now on, followed by zeros.
    const char *put(std::string_view text);

    // What was put. False: no JSON, or no valid UTF-8, or the handler wanted no more.
    template <class Handler> bool parse(Handler &handler) {
        if (!whole_)
            return false;
        rapidjson::InsituStringStream in(bytes_.data());
        rapidjson::Reader reader;
        constexpr unsigned flags = rapidjson::kParseInsituFlag;
        constexpr unsigned checked = flags | rapidjson::kParseValidateEncodingFlag;
        return ascii_ ? !reader.Parse<flags>(in, handler).IsError()
                      : !reader.Parse<checked>(in, handler).IsError();
    }

private:
    std::vector<char> bytes_;
    bool ascii_ = false; // which needs no look at its encoding
    bool whole_ = false; // no zero inside, which RapidJSON would take for the end
};

} // namespace pinpipe
