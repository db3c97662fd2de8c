// SPDX-License-Identifier: MIT
#include "tools/top/batch.h"

#include "lib/base/output.h"
#include "lib/base/signals.h"
#include "tools/top/input.h"
#include "tools/top/tables.h"

#include <algorithm>
#include <poll.h>
#include <unistd.h>

namespace pinpipe::top {
namespace {

// A snapshot's lines come without a pause: if nothing follows for this long, it is complete.
constexpr int pause = 100;        // milliseconds
constexpr int patience = 3600000; // milliseconds: nothing is due

std::string table_text(const Table &table, const View &view, size_t width) {
    std::string text = summary_text(table.summary(), view);
    if (width)
        text = fitted(text, width);
    text += "\n" + heading(view, width) + "\n";
    for (const Row &row : table.rows(view.by, sorted_by(view), view.ascending, view.filter))
        text += row_text(row, view, width) + "\n";
    return text + "\n";
}

class Batch {
public:
    explicit Batch(const Request &request) : request_(request) {}
    Result<void> run(uint64_t &bad);

private:
    // The view of a subject; nothing if --by chooses the other subject.
    std::optional<View> view_of(Subject subject) const;
    bool waiting() const; // a snapshot was not printed yet
    bool over() const;
    void take(std::string_view text);
    void print();

    const Request &request_;
    Tables tables_;
    Input input_;
    uint64_t printed_ = 0;
    Result<Written> written_ = Written::all;
};

std::optional<View> Batch::view_of(Subject subject) const {
    View view = request_.view;
    if (!request_.chosen && subject == Subject::ports)
        view.by = By::port;
    return subject_of(view.by) == subject ? std::optional(view) : std::nullopt;
}

bool Batch::waiting() const {
    return std::ranges::any_of(subjects,
                               [this](Subject s) { return tables_.in_round(s) && view_of(s); });
}

bool Batch::over() const {
    return !written_ || *written_ == Written::closed ||
           (request_.count && printed_ >= request_.count);
}

void Batch::print() {
    std::string text;
    for (const Subject subject : subjects)
        if (const auto view = view_of(subject); view && tables_.in_round(subject))
            text += table_text(tables_.of(subject), *view, request_.width);
    tables_.next_round();
    printed_++;
    written_ = write_output(text);
}

void Batch::take(std::string_view text) {
    const EventLine line = parse_line(text);
    // The first line of the next round: the tables have all of the last one.
    if (!over() && waiting() && tables_.ends_round(line))
        print();
    if (!over())
        tables_.add(line);
}

Result<void> Batch::run(uint64_t &bad) {
    bool open = true;
    while (open && !over() && !stop_requested()) {
        pollfd wait{STDIN_FILENO, POLLIN, 0};
        if (poll_until_stop(&wait, 1, waiting() ? pause : patience) > 0)
            open = input_.read_some(STDIN_FILENO, [this](std::string_view text) { take(text); });
        else if (waiting() && !stop_requested())
            print();
    }
    if (waiting() && !over())
        print();
    bad = tables_.bad();
    return written_ ? Result<void>() : fail(written_.error());
}

} // namespace

Result<void> run_batch(const Request &request, uint64_t &bad) {
    return Batch(request).run(bad);
}

} // namespace pinpipe::top
