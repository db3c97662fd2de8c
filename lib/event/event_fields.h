// SPDX-License-Identifier: MIT
// The only reader of NDJSON: takes the fields that a tool wants from a line, by their names, in one
// pass of RapidJSON's reader. All other members are skipped. The types are those of the tables in
// fields.h; a name that is in no table does not compile.
//
//     using Wanted = EventFields<"event_type", "pid", "comm">;
//     EventParser<Wanted> parser;
//     if (const Wanted *event = parser.parse(line))
//         use(event->text<"comm">(), event->number<"pid">());
#pragma once

#include "lib/event/fields.h"
#include "lib/event/json_scratch.h"

#include <type_traits>

namespace pinpipe {

struct EventScope {
    static constexpr const ListedField *find(std::string_view name) { return find_field(name); }
};
struct OwnerScope {
    static constexpr const ListedField *find(std::string_view name) {
        return find_field(listed_owners, name);
    }
};
struct NoItems {
    struct Fields {};
};

// The names that a caller wants, numbered in their order, and the types of their fields.
template <class SCOPE, Literal... NAMES> struct WantedNames {
    static constexpr unsigned size = sizeof...(NAMES);
    static constexpr std::string_view names[size] = {NAMES.view()...};

    // The number of a name; size: it is not wanted.
    static constexpr unsigned index_of(std::string_view name) {
        for (unsigned i = 0; i < size; i++)
            if (names[i] == name)
                return i;
        return size;
    }
    // Bit N is set if field N has this type.
    static constexpr uint64_t of_type(JsonType type) {
        uint64_t bits = 0;
        for (unsigned i = 0; i < size; i++) // a null pointer here: no such field in the tables
            bits |= uint64_t{SCOPE::find(names[i])->field.kind.type == type} << i;
        return bits;
    }
};

// A handler for RapidJSON's reader that takes the fields of one object, the outermost one. Give
// NAMES in the order in which they mostly come: then each is found at once.
template <class SCOPE, class ITEMS, Literal... NAMES> class FieldReader {
    using Names = WantedNames<SCOPE, NAMES...>;
    using Item = typename ITEMS::Fields;
    static constexpr uint64_t texts_ = Names::of_type(JsonType::text),
                              flags_ = Names::of_type(JsonType::flag),
                              lists_ = Names::of_type(JsonType::list);
    static constexpr bool has_items_ = !std::is_same_v<ITEMS, NoItems>;
    static_assert(has_items_ == (lists_ != 0));
    static_assert(Names::size <= 64);

protected:
    static constexpr unsigned size = Names::size;
    template <Literal NAME> static constexpr unsigned index = Names::index_of(NAME.view());

public:
    static constexpr uint64_t largest_number = 1ULL << 53;
    static constexpr size_t longest_text = 4096;
    static constexpr unsigned deepest = 100;

    template <Literal... SOME> static constexpr uint64_t bits() {
        static_assert(((index<SOME> < size) && ...), "a field that is not wanted");
        return (0 | ... | (1ULL << index<SOME>));
    }

    template <Literal... SOME> bool has() const {
        return (there_ & bits<SOME...>()) == bits<SOME...>();
    }
    // Whether any of them has another type than in the table, or is too long or too large.
    template <Literal... SOME> bool wrong() const { return wrong_ & bits<SOME...>(); }
    template <Literal... SOME> bool wrong_but() const { return wrong_ & ~bits<SOME...>(); }
    // Whether it is there, right or wrong.
    template <Literal NAME> bool mentions() const { return (there_ | wrong_) & bits<NAME>(); }

    template <Literal NAME> std::string_view text() const {
        static_assert(bits<NAME>() & texts_);
        return has<NAME>() ? text_[index<NAME>] : std::string_view();
    }
    template <Literal NAME> uint64_t number(uint64_t absent = 0) const {
        static_assert(!(bits<NAME>() & (texts_ | flags_ | lists_)));
        return has<NAME>() ? number_[index<NAME>] : absent;
    }
    template <Literal NAME> std::optional<uint64_t> number_if() const {
        return has<NAME>() ? std::optional(number<NAME>()) : std::nullopt;
    }
    template <Literal NAME> bool flag() const {
        static_assert(bits<NAME>() & flags_);
        return has<NAME>() && number_[index<NAME>];
    }
    // The receiver of the list's objects.
    const ITEMS &items() const { return items_; }

    bool Key(const char *name, rapidjson::SizeType length, bool copy) {
        if constexpr (has_items_)
            if (in_item_)
                return item_.Key(name, length, copy);
        if (depth_ == 1)
            field_ = find({name, length});
        return true;
    }
    bool String(const char *value, rapidjson::SizeType length, bool copy) {
        if constexpr (has_items_)
            if (in_item_)
                return item_.String(value, length, copy);
        if (!mine(texts_))
            return mismatch();
        text_[field_] = {value, length};
        there_ |= 1ULL << field_;
        if (length > longest_text)
            wrong_ |= 1ULL << field_;
        return true;
    }
    bool Uint64(uint64_t value) {
        if constexpr (has_items_)
            if (in_item_)
                return item_.Uint64(value);
        return value <= largest_number && mine(~(texts_ | flags_ | lists_)) ? take(value)
                                                                            : mismatch();
    }
    bool Bool(bool value) {
        if constexpr (has_items_)
            if (in_item_)
                return item_.Bool(value);
        return mine(flags_) ? take(value) : mismatch();
    }
    bool Uint(unsigned value) { return Uint64(value); }
    bool Int(int) { return mismatch(); }
    bool Int64(int64_t) { return mismatch(); }
    bool Double(double) { return mismatch(); }
    bool Null() { return mismatch(); }
    bool RawNumber(const char *, rapidjson::SizeType, bool) { return false; }
    bool StartArray() {
        if constexpr (has_items_) {
            if (in_item_)
                item_.StartArray();
            else if (mine(lists_))
                return begin_list();
        }
        return mismatch() && ++depth_ <= deepest;
    }
    bool EndArray(rapidjson::SizeType count) {
        if constexpr (has_items_)
            if (in_item_)
                item_.EndArray(count);
        if (--depth_ == 1)
            listing_ = false;
        return true;
    }
    bool StartObject() {
        if constexpr (has_items_) {
            if (listing_ && depth_ == 2)
                item_ = Item(), in_item_ = true;
            if (in_item_)
                return item_.StartObject() && ++depth_ <= deepest;
        }
        if (depth_ && !mismatch())
            return false;
        return ++depth_ <= deepest;
    }
    bool EndObject(rapidjson::SizeType count) {
        depth_--;
        if constexpr (has_items_)
            if (in_item_) {
                item_.EndObject(count);
                if (depth_ == 2)
                    in_item_ = false, items_.take(item_);
            }
        return true;
    }

    // A value of another type than the table says, or not wanted.
    bool mismatch() {
        if constexpr (has_items_)
            if (in_item_)
                return item_.mismatch();
        if (depth_ == 0)
            return false; // no object
        if (mine(~0ULL) || (listing_ && depth_ == 2))
            wrong_ |= 1ULL << field_;
        return true;
    }

protected:
    unsigned depth() const { return depth_; }
    unsigned field() const { return field_; } // of the current member; size: not wanted

private:
    unsigned find(std::string_view name) {
        for (unsigned i = 0; i < size; i++) {
            const unsigned at = next_ + i < size ? next_ + i : next_ + i - size;
            if (Names::names[at] == name) {
                next_ = at + 1 < size ? at + 1 : 0;
                return at;
            }
        }
        return size;
    }
    bool mine(uint64_t types) const { return depth_ == 1 && field_ != size && types >> field_ & 1; }
    bool take(uint64_t value) {
        number_[field_] = value;
        there_ |= 1ULL << field_;
        return true;
    }
    bool begin_list() {
        there_ |= 1ULL << field_;
        listing_ = true;
        return ++depth_ <= deepest;
    }

    std::string_view text_[size];
    uint64_t number_[size] = {}; // valid where there_ has the bit
    uint64_t there_ = 0, wrong_ = 0;
    unsigned depth_ = 0, field_ = size, next_ = 0;
    bool listing_ = false, in_item_ = false;
    [[no_unique_address]] Item item_;
    [[no_unique_address]] ITEMS items_;
};

template <Literal... NAMES> using EventFields = FieldReader<EventScope, NoItems, NAMES...>;

// Also takes the objects of the list "owners", which must be among NAMES. OWNERS has a type Fields,
// an OwnerFields, and take(const Fields &), which is called for each object.
template <class OWNERS, Literal... NAMES>
using EventFieldsAndOwners = FieldReader<EventScope, OWNERS, NAMES...>;
template <Literal... NAMES> using OwnerFields = FieldReader<OwnerScope, NoItems, NAMES...>;

// Owns the bytes that the texts of its event point into: they are valid until the next parse().
template <class FIELDS> class EventParser {
public:
    // nullptr: no JSON object, invalid UTF-8, or nested too deep (deepest).
    const FIELDS *parse(std::string_view line) {
        event_ = FIELDS();
        scratch_.put(line);
        return scratch_.parse(event_) ? &event_ : nullptr;
    }

private:
    JsonScratch scratch_;
    FIELDS event_;
};

} // namespace pinpipe
