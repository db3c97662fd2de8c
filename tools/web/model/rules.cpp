// SPDX-License-Identifier: MIT
#include "tools/web/model/rules.h"

#include <rapidjson/document.h>

namespace pinpipe::web {
namespace {

// The first line of text, which is a JSON array; empty if it is none.
std::string array_in(const std::string &text) {
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    rapidjson::Document document;
    document.Parse<flags>(text.c_str(), text.size());
    return document.HasParseError() || !document.IsArray() ? "" : text.substr(0, text.find('\n'));
}

} // namespace

void Rules::take(const Subprocess &subprocess) {
    text_ = subprocess.status() == 0 ? array_in(subprocess.output()) : "";
    why_ = text_.empty() ? subprocess.complaint() : "";
}

std::shared_ptr<Pending> Rules::refresh(Subprocesses &subprocesses) {
    const auto now = Clock::now();
    if (asked_ && asked_->done) {
        take(*asked_);
        asked_.reset();
        taken_ = now;
    }
    if (asked_ || now - taken_ < fresh)
        return asked_;
    auto started = subprocesses.start("ebpf-ctl", {"rules", "--json", "--pin-root", pin_root_});
    if (started && *started)
        return asked_ = *started;
    taken_ = now;
    text_.clear();
    why_ = started ? "too many queries at once" : started.error().text;
    return nullptr;
}

} // namespace pinpipe::web
