// SPDX-License-Identifier: MIT
#include "tools/reader/lines/lost_json.h"

#include "lib/event/lost_fields.h"
#include "lib/event/put_fields.h"

namespace pinpipe {
namespace {

struct LostEvent : Loss {
    const LineContext &line;
    const EventTime &time;
};

} // namespace

void write_loss(JsonLines &out, const Loss &loss, const LineContext &context) {
    const EventTime time(context.microseconds);
    const LostEvent event = {loss, context, time};
    out.commit(put_line(out.room(line_max), lost_table, event));
}

} // namespace pinpipe
