// SPDX-License-Identifier: MIT
#include "tools/web/model/event.h"

namespace pinpipe::web {
namespace {

constexpr size_t longest_name = 256; // a longer one is left out

std::string name_of(std::string_view text) {
    return std::string(text.size() <= longest_name ? text : std::string_view());
}

} // namespace

void PortOwners::take(const Fields &owner) {
    if (owner.mentions<"exited">() || owners_.size() == most || !owner.has<"pid">())
        return;
    owners_.push_back({.pid = owner.number<"pid">(),
                       .uid = owner.number<"uid">(),
                       .start = owner.number<"start_time">(),
                       .has_uid = owner.has<"uid">(),
                       .has_start = owner.has<"start_time">(),
                       .comm = name_of(owner.text<"comm">()),
                       .attribution = name_of(owner.text<"attribution">())});
}

} // namespace pinpipe::web
