#include "tools/top/layout.h"

#include <algorithm>
#include <ctime>

namespace pinpipe::top {
namespace {

struct Shape {
    const char *name;
    size_t width;
    bool right;
    bool grows; // takes what is left of the line
};

Shape shape(Column column) {
    switch (column) {
    case Column::pid: return {"PID", 7, true, false};
    case Column::process: return {"PROCESS", 15, false, true};
    case Column::remote: return {"REMOTE", 22, false, true};
    case Column::proto: return {"PROTO", 7, false, false};
    case Column::sent_rate: return {"SENT/s", 11, true, false};
    case Column::received_rate: return {"RECEIVED/s", 11, true, false};
    case Column::sent: return {"SENT", 10, true, false};
    case Column::received: break;
    }
    return {"RECEIVED", 10, true, false};
}

std::string cell(const Row &row, Column column, Units units) {
    switch (column) {
    case Column::pid: return std::to_string(row.pid);
    case Column::process: return harmless(row.process);
    case Column::remote: return harmless(row.remote);
    case Column::proto: return harmless(row.proto);
    case Column::sent_rate: return rate_text(row.sent_rate, units);
    case Column::received_rate: return rate_text(row.received_rate, units);
    case Column::sent: return amount_text(row.sent, units);
    case Column::received: break;
    }
    return amount_text(row.received, units);
}

// Cells side by side. The columns that grow share what a wide line has left; numbers wider than
// their column push the rest aside where there is no bound.
template <class Text> std::string line(const View &view, size_t width, const Text &text) {
    const std::vector<Column> columns = columns_of(view.by);
    size_t used = columns.size() - 1, growing = 0;
    for (const Column column : columns) {
        used += shape(column).width;
        growing += shape(column).grows;
    }
    const size_t sharers = std::max<size_t>(growing, 1);
    const auto room_of = [&](const Shape &s) -> size_t {
        if (!width || !s.grows)
            return s.width;
        if (width >= used)
            return s.width + (width - used) / sharers;
        const size_t less = (used - width + sharers - 1) / sharers; // names give way to numbers
        return std::max<size_t>(s.width > less ? s.width - less : 0, 6);
    };
    std::string out;
    for (const Column column : columns) {
        const Shape s = shape(column);
        const std::string content = text(column);
        const size_t room = room_of(s);
        if (!out.empty())
            out += ' ';
        out += fitted(content, width ? room : std::max(room, width_of(content)), s.right);
    }
    if (width)
        return fitted(out, width);
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

} // namespace

std::vector<Column> columns_of(By by) {
    std::vector<Column> columns;
    if (by != By::remote)
        columns.insert(columns.end(), {Column::pid, Column::process});
    if (by != By::process)
        columns.push_back(Column::remote);
    columns.insert(columns.end(), {Column::proto, Column::sent_rate, Column::received_rate,
                                   Column::sent, Column::received});
    return columns;
}

const char *column_name(Column column) {
    return shape(column).name;
}

std::string heading(const View &view, size_t width) {
    return line(view, width, [&](Column column) {
        const std::string mark = column != view.sort ? "" : view.ascending ? "^" : "v";
        return column_name(column) + mark;
    });
}

std::string row_text(const Row &row, const View &view, size_t width) {
    return line(view, width, [&](Column column) { return cell(row, column, view.units); });
}

std::string summary_text(const Summary &summary, const View &view) {
    char time[16] = "--:--:--";
    const auto seconds = static_cast<time_t>(summary.time / 1'000'000);
    tm parts{};
    if (summary.time && localtime_r(&seconds, &parts))
        std::strftime(time, sizeof time, "%H:%M:%S", &parts);
    const std::string per = view.units == Units::bytes ? " B/s" : "/s";
    std::string text = std::string(time) + "  " + std::to_string(summary.processes) +
                       (summary.processes == 1 ? " process" : " processes") + "  sent " +
                       rate_text(summary.sent_rate, view.units) + per + " (" +
                       amount_text(summary.sent, view.units) + ")  received " +
                       rate_text(summary.received_rate, view.units) + per + " (" +
                       amount_text(summary.received, view.units) + ")";
    if (summary.lost)
        text += "  lost " + std::to_string(summary.lost) +
                (summary.lost_bytes ? ", " + amount_text(summary.lost_bytes, view.units) : "");
    if (summary.bad)
        text += "  not understood " + std::to_string(summary.bad);
    if (!view.filter.empty())
        text += "  filter: " + harmless(view.filter);
    return text;
}

} // namespace pinpipe::top
