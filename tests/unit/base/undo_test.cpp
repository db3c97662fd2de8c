// SPDX-License-Identifier: MIT
#include "lib/base/undo.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <type_traits>

namespace pinpipe {
namespace {

static_assert(!std::is_copy_constructible_v<Undo> && !std::is_move_constructible_v<Undo>);

TEST(Undo, RunsInReverse) {
    std::string ran;
    {
        Undo undo;
        for (char c : {'a', 'b', 'c'})
            undo.add([&ran, c] { ran += c; });
        EXPECT_EQ(ran, "");
    }
    EXPECT_EQ(ran, "cba");
}

TEST(Undo, KeepsWhatWentWell) {
    std::string ran;
    {
        Undo undo;
        undo.add([&] { ran += 'a'; });
        undo.keep();
        undo.add([&] { ran += 'b'; });
    }
    EXPECT_EQ(ran, "b") << "what comes after is undone";
}

TEST(Undo, EachStepEndsBeforeTheNext) {
    struct Order {
        std::string &ran;
        char name;
        ~Order() { ran += name; }
    };
    std::string ran;
    {
        Undo undo;
        for (char c : {'a', 'b'})
            undo.add([order = std::shared_ptr<Order>(new Order{ran, c}), &ran] { ran += '.'; });
    }
    EXPECT_EQ(ran, ".b.a") << "what a step holds is released with it";
}

TEST(Undo, NothingToDo) {
    Undo undo;
    undo.keep();
}

} // namespace
} // namespace pinpipe
