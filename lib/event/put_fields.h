// SPDX-License-Identifier: MIT
// Writes an event by its table. The table is unrolled at compile time: the constant text between
// two values (quotes, commas, names, constants) is one copy, so writing a line is a straight
// sequence of copies and numbers.
#pragma once

#include "lib/event/field.h"
#include "lib/event/put_value.h"

namespace pinpipe {
namespace written {

template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;
template <class T> struct Present { using Type = T; };
template <class T> struct Present<std::optional<T>> { using Type = T; };

template <Literal TEXT> [[gnu::always_inline]] inline char *put_literal(char *to) {
    __builtin_memcpy(to, TEXT.text, TEXT.size());
    return to + TEXT.size();
}

template <class VALUE> consteval auto quote() {
    if constexpr (is_bare<VALUE>)
        return Literal("");
    else
        return Literal("\"");
}

template <class... ROWS> struct Sequence;

template <> struct Sequence<> {
    template <Literal BEFORE, Literal, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &) {
        return put_literal<BEFORE>(to);
    }
};

// BEFORE: constant text to be written before the next value. COMMA: text before the next name.
template <Literal NAME, class GET, class... REST> struct Sequence<Row<NAME, GET>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        const auto value = GET{}(event);
        using Value = std::remove_cvref_t<decltype(value)>;
        constexpr auto quotes = quote<typename Present<Value>::Type>();
        constexpr auto start = COMMA + Literal("\"") + NAME + Literal("\":") + quotes;
        if constexpr (is_optional<Value>) {
            to = put_literal<BEFORE>(to);
            if (value) {
                to = put_literal<start>(to);
                to = put_value(to, *value);
                to = put_literal<quotes>(to);
            }
            return Sequence<REST...>::template put<"", ",">(to, event);
        } else {
            to = put_literal<BEFORE + start>(to);
            to = put_value(to, value);
            return Sequence<REST...>::template put<quotes, ",">(to, event);
        }
    }
};

template <Literal NAME, Literal JSON, class... REST>
struct Sequence<Constant<NAME, JSON>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        constexpr auto text = BEFORE + COMMA + Literal("\"") + NAME + Literal("\":") + JSON;
        return Sequence<REST...>::template put<text, ",">(to, event);
    }
};

template <class IF, class... ROWS, class... REST>
struct Sequence<Group<IF, Rows<ROWS...>>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        to = put_literal<BEFORE>(to);
        if (IF{}(event))
            to = Sequence<ROWS...>::template put<"", COMMA>(to, event);
        return Sequence<REST...>::template put<"", ",">(to, event);
    }
};

template <class... ROWS, class... REST> struct Sequence<Rows<ROWS...>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        return Sequence<ROWS..., REST...>::template put<BEFORE, COMMA>(to, event);
    }
};

template <class GET, class ROWS, class... REST> struct Sequence<Prepared<GET, ROWS>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        to = put_literal<BEFORE>(to);
        to = put_prepared(to, GET{}(event));
        return Sequence<REST...>::template put<"", ",">(to, event);
    }
};

template <Literal NAME, class GET, class... ITEM, class... REST>
struct Sequence<List<NAME, GET, Rows<ITEM...>>, REST...> {
    template <Literal BEFORE, Literal COMMA, class Event>
    [[gnu::always_inline]] static char *put(char *to, const Event &event) {
        to = put_literal<BEFORE>(to);
        if (const auto items = GET{}(event)) {
            to = put_literal<COMMA + Literal("\"") + NAME + Literal("\":[")>(to);
            bool first = true;
            for (const auto &item : *items) {
                if (!std::exchange(first, false))
                    *to++ = ',';
                to = Sequence<ITEM...>::template put<"{", "">(to, event.item(item));
                *to++ = '}';
            }
            *to++ = ']';
        }
        return Sequence<REST...>::template put<"", ",">(to, event);
    }
};

} // namespace written

// Writes the line of an event, with its newline; returns the end. Values may write some bytes past
// their end: provide 64 bytes more than the line needs.
template <class... ROWS, class Event>
char *put_line(char *to, const Table<Rows<ROWS...>> &, const Event &event) {
    to = written::Sequence<ROWS...>::template put<"{", "">(to, event);
    return put(to, "}\n");
}

// Writes fields, each with a comma before it, for a Prepared; returns the end.
template <class... ROWS, class Event>
char *put_fields(char *to, const Rows<ROWS...> &, const Event &event) {
    return written::Sequence<ROWS...>::template put<"", ",">(to, event);
}

// The same as a string. text_size: bytes of the values from outside, as JSON.
template <class... ROWS, class Event>
std::string prepare(const Rows<ROWS...> &rows, const Event &event, size_t text_size) {
    constexpr size_t around = 256; // names, numbers, and the bytes that may be written past the end
    std::string run(text_size + around, '\0');
    run.resize(static_cast<size_t>(put_fields(run.data(), rows, event) - run.data()));
    return run;
}

// The same for one value from outside, of any bytes.
template <class... ROWS>
std::string prepare_text(const Rows<ROWS...> &rows, std::string_view value) {
    const std::string json = json_string(value);
    return prepare(rows, std::string_view(json), json.size());
}

} // namespace pinpipe
