// SPDX-License-Identifier: MIT
// Events of the reader's own pipeline, which are left out unless they are asked for.
#pragma once

#include "tools/reader/filter.h"

#include <optional>

namespace pinpipe::reader {

class OwnEvents {
public:
    // Finds the pipeline, if a stream of the request leaves out its events.
    static Result<OwnEvents> find(const Pins &pins, const Request &request);

    // NULL: nothing is left out.
    const Pipeline *pipeline() const { return pipeline_ ? &*pipeline_ : nullptr; }

    // As Pipeline::forget_ended(): after it, filters have to be set anew.
    bool forget_ended() { return pipeline_ && pipeline_->forget_ended(); }

    // For whoever tries the reader in one terminal and sees nothing come: says once that events
    // were left out. left_out: how many.
    void say(uint64_t left_out);

private:
    std::optional<Pipeline> pipeline_;
    bool said_ = false;
};

} // namespace pinpipe::reader
