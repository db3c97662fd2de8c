// SPDX-License-Identifier: MIT
#include "lib/pins/library_log.h"

#include "tests/unit/support/child.h"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

// Prints what libbpf says of a broken object file.
std::string said(bool verbose) {
    return run_child([verbose] {
               set_library_log(verbose);
               return bpf_object__open_mem("nonsense", 8, nullptr) ? 1 : 0;
           })
        .err;
}

TEST(LibraryLog, IsHeardWhenAskedFor) {
    EXPECT_NE(said(true).find("libbpf: "), std::string::npos);
    EXPECT_EQ(said(false), "");
}

} // namespace
} // namespace pinpipe
