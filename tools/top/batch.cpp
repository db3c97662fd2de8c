#include "tools/top/batch.h"

#include "lib/output.h"
#include "lib/signals.h"
#include "tools/top/input.h"

#include <poll.h>
#include <unistd.h>

namespace pinpipe::top {
namespace {

// A snapshot comes in one piece: when nothing follows for so long, it is whole.
constexpr int pause = 100;        // milliseconds
constexpr int patience = 3600000; // milliseconds: nothing is due

std::string table_text(const Table &table, const Request &request) {
    const View &view = request.view;
    std::string text = summary_text(table.summary(), view);
    if (request.width)
        text = fitted(text, request.width);
    text += "\n" + heading(view, request.width) + "\n";
    for (const Row &row : table.rows(view.by, view.sort, view.ascending, view.filter))
        text += row_text(row, view, request.width) + "\n";
    return text + "\n";
}

} // namespace

Result<void> run_batch(const Request &request, uint64_t &bad) {
    Table table;
    Input input;
    uint64_t printed = 0;
    bool waiting = false, open = true; // waiting: a snapshot that was not printed
    Result<Written> written = Written::all;
    const auto print = [&] {
        waiting = false;
        printed++;
        written = write_output(table_text(table, request));
    };
    const auto over = [&] {
        return !written || *written == Written::closed ||
               (request.count && printed >= request.count);
    };
    while (open && !over() && !stop_requested()) {
        pollfd wait{STDIN_FILENO, POLLIN, 0};
        if (poll_until_stop(&wait, 1, waiting ? pause : patience) <= 0) {
            if (waiting && !stop_requested())
                print();
            continue;
        }
        open = input.read_some(STDIN_FILENO, [&](std::string_view text) {
            const UsageLine line = parse_line(text);
            if (over())
                return;
            // The first line of the next one: what stands in the table is whole.
            if (waiting && line.kind == LineKind::usage && line.time != table.summary().time)
                print();
            if (over())
                return;
            table.add(line);
            waiting = waiting || line.kind == LineKind::usage;
        });
    }
    if (waiting && !over())
        print();
    bad = table.summary().bad;
    return written ? Result<void>() : fail(written.error());
}

} // namespace pinpipe::top
