// SPDX-License-Identifier: MIT
// The JSON that the pages show, out of what the hub holds. Its mutex is held around every call.
#pragma once

#include "tools/web/model/hub.h"

#include <optional>

namespace pinpipe::web {

struct Overview {
    int64_t since = 0;    // when we began, milliseconds since 1970
    bool history = false; // there is a database to ask
    bool reads_input = true;
};

std::string rooms_json(const Hub &hub, const Now &now);
std::string room_json(const Room &room, const Now &now);
std::string overview_json(const Hub &hub, const Overview &about, const Now &now);
// by_bytes: the largest first, else the fastest.
std::string processes_json(const Hub &hub, bool by_bytes, size_t most, const Now &now);
// Absent: not known, or forgotten.
std::optional<std::string> process_json(const Hub &hub, const ProcessKey &key, const Now &now);
std::string ports_json(const Hub &hub, const Now &now);
// rules: what ebpf-ctl rules --json printed, or empty; then why says why not.
std::string policy_json(const Hub &hub, const std::string &rules, const std::string &why);
std::string metrics_text(const Hub &hub);

} // namespace pinpipe::web
