// SPDX-License-Identifier: MIT
#include "tools/web/model/ports.h"

#include "tools/web/model/event.h"

namespace pinpipe::web {

void Ports::take(const Event &event, const Now &now) {
    if (!event.has<"local_port">() || !event.has<"proto">())
        return;
    std::string key(event.text<"proto">());
    key.append(" ").append(std::to_string(event.number<"local_port">()));
    key.append(" ").append(event.text<"ifname">());
    Port &known = ports_.touch(key);
    known.port = event.number<"local_port">();
    known.proto = event.text<"proto">();
    known.ifname = event.text<"ifname">();
    known.owners = event.items().all();
    known.last_event = now.ms;
    if (event.flag<"total">()) // amounts since the load cannot be summed up
        return;
    known.has_sent = known.has_sent || event.has<"bytes_sent">();
    add_up(known.packets_received, event.number<"packets_received">());
    add_up(known.bytes_received, event.number<"bytes_received">());
    add_up(known.packets_sent, event.number<"packets_sent">());
    add_up(known.bytes_sent, event.number<"bytes_sent">());
    known.meter.add({.snapshot = event.number<"timestamp_us">(),
                     .interval = event.number<"interval_ms">(),
                     .sent = event.number<"bytes_sent">(),
                     .received = event.number<"bytes_received">()},
                    now);
}

} // namespace pinpipe::web
