// SPDX-License-Identifier: MIT
#include "tools/store/printers.h"

#include "lib/base/terminal_text.h"
#include "lib/base/text_table.h"
#include "lib/event/json_line.h"
#include "tools/store/members.h"
#include "tools/store/sparkline.h"
#include "tools/store/time_text.h"

#include <algorithm>
#include <pwd.h>

namespace pinpipe::store {
namespace {

uint64_t both(const Sums &sums) {
    return sums.sent + sums.received;
}

// The field of events whose values the rows are by.
std::string_view field_of(By by) {
    switch (by) {
    case By::process: return field_name<"comm">();
    case By::exe: return field_name<"exe">();
    case By::remote: return field_name<"remote_ip">();
    case By::port: return field_name<"remote_port">();
    case By::proto: return field_name<"proto">();
    case By::host: return field_name<"host">();
    case By::user: return field_name<"uid">();
    case By::cgroup: return field_name<"cgroup_id">();
    case By::nothing: break;
    }
    return "";
}

// --- table: local time, sizes with units ---

class Table : public Printer {
public:
    explicit Table(bool utf8) : utf8_(utf8) {}

    void begin(const Heading &heading, std::string &out) override {
        heading_ = heading;
        if (heading.series)
            columns_.push_back({"FROM", Align::left, 19});
        for (const char *name : {"SENT", "RECEIVED", "TOTAL"})
            columns_.push_back({name, Align::right, 8});
        if (heading.cell)
            columns_.push_back({"each " + length_text(heading.cell), Align::left, most_cells});
        columns_.push_back({upper_case(heading.by)});
        if (heading.from != heading.to)
            out += local_text(heading.from) + " to " + local_text(heading.to) + " " +
                   local_zone(heading.to) + "\n" + text_heading(columns_);
    }

    void row(const ReportRow &row, std::string &out) override {
        const bool grouped = heading_.by != By::nothing;
        out += line(local_text(row.from), row.sums, sparkline(row.marks, utf8_),
                    !grouped    ? ""
                    : row.known ? shown(row.key)
                                : "-");
    }

    void end(const Ending &ending, std::string &out) override {
        if (heading_.from == heading_.to)
            out += "nothing is stored\n";
        if (ending.left)
            out += line("", ending.others, "", std::to_string(ending.left) + " more");
        out += line("", ending.total, "", "all");
        for (const auto &[stream, count] : ending.lost)
            out += "lost: " + std::to_string(count) + " of " + harmless(stream) + "\n";
    }

private:
    std::string line(const std::string &from, const Sums &sums, const std::string &marks,
                     const std::string &name) const {
        std::vector<std::string> cells;
        if (heading_.series)
            cells.push_back(from);
        for (const uint64_t bytes : {sums.sent, sums.received, both(sums)})
            cells.push_back(amount_text(bytes, Units::binary));
        if (heading_.cell)
            cells.push_back(marks);
        cells.push_back(name);
        return text_line(columns_, cells);
    }
    static std::string length_text(int64_t length) {
        const int64_t minutes = length / 60'000'000;
        return minutes % 1440 == 0 ? std::to_string(minutes / 1440) + "d"
               : minutes % 60 == 0 ? std::to_string(minutes / 60) + "h"
                                   : std::to_string(minutes) + "m";
    }
    static std::string upper_case(By by) {
        std::string name = by == By::nothing ? "" : name_of(by);
        for (char &c : name)
            c = static_cast<char>(c - 'a' + 'A');
        return name;
    }
    std::string shown(const std::string &key) const {
        if (heading_.by == By::user && std::stoull(key) < UINT32_MAX)
            if (const passwd *user = getpwuid(static_cast<uid_t>(std::stoull(key))))
                return harmless(user->pw_name);
        return key.empty() ? "''" : harmless(key);
    }

    const bool utf8_;
    Heading heading_;
    std::vector<TextColumn> columns_;
};

// --- lines of JSON: UTC, plain numbers ---

class Json : public Printer {
public:
    void begin(const Heading &heading, std::string &out) override {
        (void)out;
        heading_ = heading;
    }
    void row(const ReportRow &row, std::string &out) override {
        open(heading_.by == By::nothing ? "interval" : name_of(heading_.by), row.from, row.to, out);
        if (row.known && heading_.by != By::nothing) {
            const bool number = heading_.by == By::port || heading_.by == By::user;
            out.append(",\"").append(field_of(heading_.by)).append("\":");
            out += number ? row.key : json_string(row.key);
        }
        close(row.sums, out);
    }
    void end(const Ending &ending, std::string &out) override {
        if (ending.left) {
            open("others", heading_.from, heading_.to, out);
            out += ",\"rows\":" + std::to_string(ending.left);
            close(ending.others, out);
        }
        open("total", heading_.from, heading_.to, out);
        if (!ending.lost.empty()) {
            const char *separator = ",\"lost\":{";
            for (const auto &[stream, count] : ending.lost) {
                out += separator + json_string(stream) + ":" + std::to_string(count);
                separator = ",";
            }
            out += "}";
        }
        close(ending.total, out);
    }

private:
    static void open(const char *by, int64_t from, int64_t to, std::string &out) {
        out += std::string(R"({"by":")") + by + R"(","from":")" + utc_text(from) + R"(","to":")" +
               utc_text(to) + '"';
    }
    static void close(const Sums &sums, std::string &out) { out += sums_members(sums) + "}\n"; }
    Heading heading_;
};

// --- CSV: UTC, plain numbers, no sums ---

class Csv : public Printer {
public:
    void begin(const Heading &heading, std::string &out) override {
        heading_ = heading;
        out += "from,to,";
        if (heading.by != By::nothing)
            out += std::string(field_of(heading.by)) + ",";
        const char *separator = "";
        for (const ListedField &field : listed::list(fields::sums)) {
            out.append(separator).append(field.name);
            separator = ",";
        }
        out += "\r\n";
    }
    void row(const ReportRow &row, std::string &out) override {
        out += utc_text(row.from) + "," + utc_text(row.to) + ",";
        if (heading_.by != By::nothing)
            out += (row.known && row.key.empty() ? "\"\"" : csv_field(row.key)) + ",";
        out += std::to_string(row.sums.sent) + "," + std::to_string(row.sums.received) + "," +
               std::to_string(row.sums.calls_sent) + "," + std::to_string(row.sums.calls_received) +
               "\r\n";
    }
    void end(const Ending &ending, std::string &out) override {
        (void)ending;
        (void)out;
    }

private:
    Heading heading_;
};

} // namespace

std::string csv_field(std::string_view text) {
    std::string plain = escaped(text);
    if (plain.find_first_of(",\"") == plain.npos)
        return plain;
    std::string out = "\"";
    for (const char c : plain)
        out += c == '"' ? "\"\"" : std::string(1, c);
    return out + '"';
}

std::unique_ptr<Printer> make_printer(Format format, bool utf8) {
    switch (format) {
    case Format::json: return std::make_unique<Json>();
    case Format::csv: return std::make_unique<Csv>();
    case Format::table: break;
    }
    return std::make_unique<Table>(utf8);
}

} // namespace pinpipe::store
