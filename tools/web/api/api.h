// SPDX-License-Identifier: MIT
// The JSON that the pages ask for, made from the hub. The caller holds the hub's mutex.
#pragma once

#include "tools/web/model/hub.h"

#include <optional>

namespace pinpipe::web {

struct Overview {
    int64_t since = 0;    // start of ebpf-web, milliseconds since 1970
    bool history = false; // the database exists
    bool reads_input = true;
};

std::string rooms_json(const Hub &hub, const Now &now);
std::string room_json(const Room &room, const Now &now);
std::string overview_json(const Hub &hub, const Overview &about, const Now &now);
// by_bytes: those with most bytes first; else those with the highest rate.
std::string processes_json(const Hub &hub, bool by_bytes, size_t most, const Now &now);
// Nothing if the process is not known, or was forgotten.
std::optional<std::string> process_json(const Hub &hub, const ProcessKey &key, const Now &now);
std::string ports_json(const Hub &hub, const Now &now);
// rules: the output of ebpf-ctl rules --json; if empty, why has the reason.
std::string policy_json(const Hub &hub, const std::string &rules, const std::string &why);
std::string metrics_text(const Hub &hub);

} // namespace pinpipe::web
