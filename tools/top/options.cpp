#include "tools/top/options.h"

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
    {opt_by, "by", 0, "WHAT", "a row for each process, remote, or both (default: process)"},
    {opt_sort, "sort", 's', "COLUMN",
     "pid, process, remote, proto, sent, received, sent/s, received/s"},
    {opt_reverse, "reverse", 'r', nullptr, "the other way round"},
    {opt_units, "units", 'u', "UNITS", "binary (KiB), bits (kbit) or bytes (default: binary)"},
    {opt_filter, "filter", 'f', "TEXT", "only rows with this in process, remote, protocol or pid"},
    {opt_count, "count", 'n', "N", "end after N snapshots"},
    {opt_batch, "batch", 'b', nullptr, "plain tables, also on a terminal"},
    {opt_width, "width", 'w', "COLUMNS", "of plain tables (default: as wide as it takes)"},
};

constexpr std::pair<const char *, Column> columns[] = {
    {"pid", Column::pid},     {"process", Column::process},  {"remote", Column::remote},
    {"proto", Column::proto}, {"sent/s", Column::sent_rate}, {"received/s", Column::received_rate},
    {"sent", Column::sent},   {"received", Column::received}};

Result<void> take(Request &request, const Parsed::Given &given) {
    View &view = request.view;
    const std::string &value = given.value;
    switch (given.id) {
    case opt_by:
        if (value != "process" && value != "remote" && value != "both")
            return fail(usage_error("--by takes process, remote or both, not '" + value + "'"));
        view.by = value == "process" ? By::process : value == "remote" ? By::remote : By::both;
        return {};
    case opt_sort: {
        const auto column = parse_column(value);
        if (!column)
            return fail(column.error());
        view.sort = *column;
        return {};
    }
    case opt_reverse: view.ascending = true; return {};
    case opt_units:
        if (value != "binary" && value != "bits" && value != "bytes")
            return fail(usage_error("--units takes binary, bits or bytes, not '" + value + "'"));
        view.units = value == "binary" ? Units::binary
                     : value == "bits" ? Units::bits
                                       : Units::bytes;
        return {};
    case opt_filter: view.filter = value; return {};
    case opt_count: {
        const auto count = parse_number("-n", value, 1, INT64_MAX);
        if (!count)
            return fail(count.error());
        request.count = *count;
        return {};
    }
    case opt_batch: request.batch = true; return {};
    case opt_width: {
        const auto width = parse_number("--width", value, 20, 10000);
        if (!width)
            return fail(width.error());
        request.width = *width;
        return {};
    }
    }
    return {};
}

} // namespace

const Usage usage = {
    .tool = "ebpf-top",
    .synopsis = "ebpf-read usage | ebpf-top [options]",
    .summary =
        "Show who sends and receives how much: a live table of the usage events on standard\n"
        "input; where standard output is no terminal, a plain table for each snapshot.",
    .options = options,
    .closing = "Keys: h shows them. See ebpf-top(1).",
};

Result<Column> parse_column(const std::string &name) {
    for (const auto &[known, column] : columns)
        if (name == known)
            return column;
    return fail(usage_error("--sort: no column '" + name + "'"));
}

Result<Request> read_request(const Parsed &parsed) {
    Request request;
    if (!parsed.operands.empty())
        return fail(usage_error("unexpected argument '" + parsed.operands[0] + "'")
                        .with_hint("ebpf-top --help"));
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(request, given); !taken)
            return fail(std::move(taken.error()).with_hint("ebpf-top --help"));
    bool shown = false;
    for (const Column column : columns_of(request.view.by))
        shown = shown || column == request.view.sort;
    if (!shown)
        return fail(
            usage_error("--sort: that column is not shown; see --by").with_hint("ebpf-top --help"));
    return request;
}

} // namespace pinpipe::top
