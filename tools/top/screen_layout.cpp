// SPDX-License-Identifier: MIT
#include "tools/top/screen_layout.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace pinpipe::top {
namespace {

constexpr Shape usage_shapes[] = {
    {Column::number, "PID", 7, true, false, false},
    {Column::name, "PROCESS", 15, false, true, false},
    {Column::place, "REMOTE", 22, false, true, false},
    {Column::proto, "PROTO", 7, false, false, false},
    {Column::sent_rate, "SENT/s", 11, true, false, false},
    {Column::received_rate, "RECEIVED/s", 11, true, false, false},
    {Column::sent, "SENT", 10, true, false, false},
    {Column::received, "RECEIVED", 10, true, false, false},
};

constexpr Shape port_shapes[] = {
    {Column::number, "PORT", 9, true, false, false},
    {Column::place, "IFACE", 6, false, true, false},
    {Column::packets_received_rate, "PPS-IN", 8, true, false, false},
    {Column::packets_sent_rate, "PPS-OUT", 8, true, false, false},
    {Column::received_rate, "IN/s", 8, true, false, false},
    {Column::sent_rate, "OUT/s", 8, true, false, false},
    {Column::received, "IN", 8, true, false, true},
    {Column::sent, "OUT", 8, true, false, true},
    {Column::name, "OWNERS", 18, false, true, false},
};

size_t width_of(const std::vector<Shape> &shapes) {
    size_t width = shapes.size() - 1;
    for (const Shape &shape : shapes)
        width += shape.width;
    return width;
}

template <class T, class Text>
std::string measured(const std::optional<T> &value, const Text &text) {
    return value ? text(*value) : "-";
}

// Below 10 packets a second with one decimal, unless the rate is a whole number.
std::string packets_text(const std::optional<double> &rate) {
    return measured(rate, [](double value) {
        char text[400];
        const bool tenths = value < 9.95 && value != std::floor(value);
        std::snprintf(text, sizeof text, "%.*f", tenths, value);
        return std::string(text);
    });
}

std::string rate_text(const std::optional<double> &rate, Units units) {
    return measured(rate, [&](double value) { return pinpipe::rate_text(value, units); });
}

std::string amount_text(const std::optional<uint64_t> &amount, Units units) {
    return measured(amount, [&](uint64_t value) { return pinpipe::amount_text(value, units); });
}

std::string cell(const Row &row, Column column, const View &view) {
    const std::string number = std::to_string(row.number);
    switch (column) {
    case Column::number: return view.by == By::port ? number + "/" + harmless(row.proto) : number;
    case Column::name: return view.by == By::port && row.name.empty() ? "-" : harmless(row.name);
    case Column::place: return harmless(row.place);
    case Column::proto: return harmless(row.proto);
    case Column::packets_sent_rate: return packets_text(row.rate[packets_sent]);
    case Column::packets_received_rate: return packets_text(row.rate[packets_received]);
    case Column::sent_rate: return rate_text(row.rate[bytes_sent], view.units);
    case Column::received_rate: return rate_text(row.rate[bytes_received], view.units);
    case Column::sent: return amount_text(row.total[bytes_sent], view.units);
    case Column::received: break;
    }
    return amount_text(row.total[bytes_received], view.units);
}

// The width of a column in a line of this width. In a wide line the growing columns share what is
// left over; in a narrow line they shrink, so that numbers keep their width.
size_t room_of(const Shape &shape, const std::vector<Shape> &shapes, size_t width) {
    if (!width || !shape.grows)
        return shape.width;
    const size_t used = width_of(shapes);
    const auto growing = static_cast<size_t>(std::ranges::count(shapes, true, &Shape::grows));
    if (width >= used) // the last column gets the remainder
        return shape.width + (width - used) / growing +
               (&shape == &shapes.back() ? (width - used) % growing : 0);
    const size_t less = (used - width + growing - 1) / growing;
    return std::max<size_t>(shape.width > less ? shape.width - less : 0, 6);
}

// Puts cells side by side. In a line without a bound, a number wider than its column shifts the
// rest.
template <class Text> std::string line(const View &view, size_t width, const Text &text) {
    const std::vector<Shape> shapes = shapes_of(view.by, width);
    std::string out;
    for (const Shape &shape : shapes) {
        const std::string content = text(shape);
        const size_t room = room_of(shape, shapes, width);
        if (!out.empty())
            out += ' ';
        out +=
            fitted(content, width ? room : std::max(room, pinpipe::width_of(content)), shape.right);
    }
    if (width)
        return fitted(out, width);
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

// "sent 1.0KiB/s (3.0KiB)", for ports with the packets before it.
std::string sum_text(const char *what, const Summary &summary, const View &view, Counter packets,
                     Counter bytes) {
    std::string text = std::string("  ") + what + " ";
    if (!summary.total[bytes])
        return text + "-";
    if (view.by == By::port)
        text += packets_text(summary.rate[packets]) + "pps ";
    return text + rate_text(summary.rate[bytes], view.units) +
           (view.units == Units::bytes ? " B/s (" : "/s (") +
           amount_text(summary.total[bytes], view.units) + ")";
}

std::string time_text(uint64_t time) {
    char text[16] = "--:--:--";
    const auto seconds = static_cast<time_t>(time / 1'000'000);
    tm parts{};
    if (time && localtime_r(&seconds, &parts))
        std::strftime(text, sizeof text, "%H:%M:%S", &parts);
    return text;
}

// Notes about what the rows do not show: the filter, lost events, lines that were not understood.
std::string left_out_text(const Summary &summary, const View &view) {
    std::string text;
    const uint64_t lost_bytes = summary.lost_amounts[bytes_sent].value_or(0) +
                                summary.lost_amounts[bytes_received].value_or(0);
    if (!view.filter.empty())
        text += "  filter: " + harmless(view.filter);
    if (summary.lost)
        text += "  lost " + std::to_string(summary.lost) +
                (lost_bytes ? ", " + pinpipe::amount_text(lost_bytes, view.units) : "");
    if (summary.bad)
        text += "  not understood " + std::to_string(summary.bad);
    return text;
}

std::string count_text(const char *what, std::optional<uint64_t> count) {
    return count.value_or(0) ? what + std::to_string(*count) : "";
}

} // namespace

std::vector<Shape> shapes_of(By by, size_t width) {
    const std::span<const Shape> all =
        by == By::port ? std::span<const Shape>(port_shapes) : usage_shapes;
    std::vector<Shape> shapes(all.begin(), all.end());
    std::erase_if(shapes, [&](const Shape &shape) {
        return (by == By::remote && shape.column <= Column::name) ||
               (by == By::process && shape.column == Column::place);
    });
    if (width && width < width_of(shapes))
        std::erase_if(shapes, [](const Shape &shape) { return shape.spare; });
    return shapes;
}

Column sorted_by(const View &view) {
    for (const Shape &shape : shapes_of(view.by))
        if (shape.column == view.sort)
            return view.sort;
    return Column::received_rate;
}

std::string heading(const View &view, size_t width) {
    const Column sorted = sorted_by(view);
    return line(view, width, [&](const Shape &shape) {
        const std::string mark = shape.column != sorted ? "" : view.ascending ? "^" : "v";
        return shape.name + mark;
    });
}

std::string row_text(const Row &row, const View &view, size_t width) {
    return line(view, width, [&](const Shape &shape) { return cell(row, shape.column, view); });
}

std::string summary_text(const Summary &summary, const View &view) {
    const char *what = view.by == By::port ? " port" : " process";
    const char *several = view.by == By::port ? "s" : "es";
    return time_text(summary.time) + "  " + std::to_string(summary.numbers) + what +
           (summary.numbers == 1 ? "" : several) + left_out_text(summary, view) +
           sum_text("sent", summary, view, packets_sent, bytes_sent) +
           sum_text("received", summary, view, packets_received, bytes_received) +
           count_text("  fragments ", summary.total[fragments]) +
           count_text("  malformed ", summary.total[malformed]);
}

} // namespace pinpipe::top
