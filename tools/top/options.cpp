// SPDX-License-Identifier: MIT
#include "tools/top/options.h"

#include <algorithm>
#include <cctype>

namespace pinpipe::top {
namespace {

enum : int {
    opt_by = own_options,
    opt_sort,
    opt_reverse,
    opt_units,
    opt_filter,
    opt_count,
    opt_batch,
    opt_width
};

constexpr Option options[] = {
    {opt_by, "by", 0, "WHAT",
     "a row for each process, remote, both or port (default: by the events)"},
    {opt_sort, "sort", 's', "COLUMN",
     "a heading in lower case: process, sent/s, port, pps-in, owners, ..."},
    {opt_reverse, "reverse", 'r', nullptr, "reverse the order"},
    {opt_units, "units", 'u', "UNITS", "binary (KiB), bits (kbit) or bytes (default: binary)"},
    {opt_filter, "filter", 'f', "TEXT",
     "only rows with this in names, address, interface, protocol or number"},
    {opt_count, "count", 'n', "N", "end after N snapshots"},
    {opt_batch, "batch", 'b', nullptr, "plain tables, also on a terminal"},
    {opt_width, "width", 'w', "COLUMNS", "of plain tables (default: as wide as needed)"},
};

template <class T> struct Word {
    const char *name;
    T value;
};

constexpr Word<By> rows_by[] = {
    {"process", By::process}, {"remote", By::remote}, {"both", By::both}, {"port", By::port}};
constexpr Word<Units> units_by_name[] = {
    {"binary", Units::binary}, {"bits", Units::bits}, {"bytes", Units::bytes}};

template <class T>
Result<void> take_word(T &to, std::span<const Word<T>> words, const Parsed::Given &given,
                       const char *expected) {
    const auto word = std::ranges::find(words, given.value, &Word<T>::name);
    if (word == words.end())
        return fail(usage_error(std::string(expected) + ", not '" + given.value + "'"));
    to = word->value;
    return {};
}

template <class T>
Result<void> take_number(T &to, const char *what, const std::string &value, unsigned long least,
                         unsigned long most) {
    const auto number = parse_number(what, value, least, most);
    if (!number)
        return fail(number.error());
    to = *number;
    return {};
}

std::optional<Column> find_column(By by, const std::string &name) {
    const auto lower = [](const Shape &shape) {
        std::string text = shape.name;
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
        return text;
    };
    const std::vector<Shape> shapes = shapes_of(by);
    const auto shape = std::ranges::find(shapes, name, lower);
    return shape == shapes.end() ? std::nullopt : std::optional(shape->column);
}

// Without --by, a column that only ports have chooses the view of ports.
Result<void> take_sort(Request &request, const std::string &name) {
    View &view = request.view;
    auto column = find_column(view.by, name);
    if (!column && !request.chosen && (column = find_column(By::port, name))) {
        view.by = By::port;
        request.chosen = true;
    }
    if (!column)
        return fail(find_column(By::both, name) || find_column(By::port, name)
                        ? usage_error("--sort: that column is not shown; see --by")
                        : usage_error("--sort: no column '" + name + "'"));
    view.sort = *column;
    return {};
}

Result<void> take(Request &request, const Parsed::Given &given) {
    View &view = request.view;
    switch (given.id) {
    case opt_by:
        request.chosen = true;
        return take_word<By>(view.by, rows_by, given, "--by takes process, remote, both or port");
    case opt_reverse: view.ascending = true; return {};
    case opt_units:
        return take_word<Units>(view.units, units_by_name, given,
                                "--units takes binary, bits or bytes");
    case opt_filter: view.filter = given.value; return {};
    case opt_count: return take_number(request.count, "-n", given.value, 1, INT64_MAX);
    case opt_batch: request.batch = true; return {};
    case opt_width: return take_number(request.width, "--width", given.value, 20, 10000);
    default: return {};
    }
}

} // namespace

const Usage usage = {
    .tool = "ebpf-top",
    .synopsis = "ebpf-read usage | ebpf-top [options]\n"
                "       ebpf-read ports | ebpf-top [options]",
    .summary =
        "Show who sends and receives how much: a live table of the usage and ports events on\n"
        "standard input; where standard output is no terminal, a plain table for each snapshot.",
    .options = options,
    .closing = "Keys: h shows them. See ebpf-top(1).",
};

Result<Request> read_request(const Parsed &parsed) {
    Request request;
    const auto wrong = [](Error error) {
        return fail(std::move(error).with_hint("ebpf-top --help"));
    };
    if (!parsed.operands.empty())
        return wrong(usage_error("unexpected argument '" + parsed.operands[0] + "'"));
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(request, given); !taken)
            return wrong(std::move(taken.error()));
    if (const std::string *name = parsed.value(opt_sort)) // after --by, wherever it was given
        if (auto taken = take_sort(request, *name); !taken)
            return wrong(std::move(taken.error()));
    return request;
}

} // namespace pinpipe::top
