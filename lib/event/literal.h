// SPDX-License-Identifier: MIT
// Text that can be a template argument, and can be joined with other text at compile time.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinpipe {

template <size_t N> struct Literal {
    char text[N] = {}; // ends with a NUL

    consteval Literal() = default;
    // Not explicit, so that a string literal can be given as a template argument.
    consteval Literal(const char (&from)[N]) {
        for (size_t i = 0; i < N; i++)
            text[i] = from[i];
    }
    static constexpr size_t size() { return N - 1; }
    constexpr std::string_view view() const { return {text, N - 1}; }
};

template <size_t A, size_t B>
consteval Literal<A + B - 1> operator+(const Literal<A> &a, const Literal<B> &b) {
    Literal<A + B - 1> both;
    for (size_t i = 0; i < a.size(); i++)
        both.text[i] = a.text[i];
    for (size_t i = 0; i < b.size(); i++)
        both.text[a.size() + i] = b.text[i];
    return both;
}

} // namespace pinpipe
