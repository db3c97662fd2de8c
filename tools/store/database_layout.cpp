// SPDX-License-Identifier: MIT
#include "tools/store/database_layout.h"

#include "tools/store/sqlite.h"

namespace pinpipe::store {
namespace {

constexpr const char *first_layout = R"(
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_line INTEGER NOT NULL,    -- number of the last line taken in
  rolled INTEGER NOT NULL,       -- number of the last line that the sums hold
  raw_from INTEGER NOT NULL,     -- microseconds: single lines are whole from here on
  minute_from INTEGER NOT NULL,  -- likewise sums by the minute, by the hour, and everything
  hour_from INTEGER NOT NULL,
  day_from INTEGER NOT NULL
);
INSERT INTO state VALUES (1, 0, 0, 0, 0, 0, 0);
CREATE TABLE name (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);
CREATE TABLE who (               -- names by their id, 0: absent
  id INTEGER PRIMARY KEY,
  host INTEGER NOT NULL, comm INTEGER NOT NULL, exe INTEGER NOT NULL,
  uid INTEGER NOT NULL,          -- -1: absent
  cgroup INTEGER NOT NULL, proto INTEGER NOT NULL,
  UNIQUE (comm, proto, uid, cgroup, exe, host)
);
CREATE TABLE subject (           -- who, and with whom
  id INTEGER PRIMARY KEY,
  who INTEGER NOT NULL,
  remote INTEGER NOT NULL,       -- a name
  port INTEGER NOT NULL,         -- -1: absent
  last INTEGER NOT NULL,         -- day of its last line
  UNIQUE (who, remote, port)
);
CREATE TABLE process (           -- -1: absent
  id INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL, start INTEGER NOT NULL, ppid INTEGER NOT NULL,
  attribution INTEGER NOT NULL,  -- a name
  last INTEGER NOT NULL,         -- hour of its last line
  UNIQUE (pid, start, ppid, attribution)
);
CREATE TABLE block (             -- lines by their numbers, and when they were
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL,
  time_from INTEGER NOT NULL, time_to INTEGER NOT NULL
);
CREATE TABLE usage (
  n INTEGER PRIMARY KEY,         -- number of the line
  time INTEGER NOT NULL,         -- microseconds
  subject INTEGER NOT NULL, process INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  interval INTEGER NOT NULL,     -- milliseconds; -1: absent
  seq INTEGER NOT NULL,          -- -1: absent
  extra TEXT                     -- members without a column
);
CREATE TABLE minute (
  time INTEGER NOT NULL, subject INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, subject)
) WITHOUT ROWID;
CREATE TABLE hour (
  time INTEGER NOT NULL, subject INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, subject)
) WITHOUT ROWID;
CREATE TABLE day (
  time INTEGER NOT NULL, subject INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, subject)
) WITHOUT ROWID;
CREATE TABLE who_minute (        -- the same without the remote ends
  time INTEGER NOT NULL, who INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, who)
) WITHOUT ROWID;
CREATE TABLE who_hour (
  time INTEGER NOT NULL, who INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, who)
) WITHOUT ROWID;
CREATE TABLE who_day (
  time INTEGER NOT NULL, who INTEGER NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL,
  calls_sent INTEGER NOT NULL, calls_received INTEGER NOT NULL,
  PRIMARY KEY (time, who)
) WITHOUT ROWID;
CREATE TABLE event (             -- lines that are no usage, as they came
  n INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  type INTEGER NOT NULL,         -- a name
  json TEXT NOT NULL
);
CREATE TABLE lost (              -- of those: what was lost
  n INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  stream INTEGER NOT NULL,       -- a name
  count INTEGER NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX lost_time ON lost (time);
)";

constexpr const char *steps[] = {first_layout};

} // namespace

const std::span<const char *const> schema_steps = steps;

int32_t schema_version() {
    return static_cast<int32_t>(std::size(steps));
}

Result<void> migrate(Database &database, std::span<const char *const> to) {
    const auto version = database.number("PRAGMA user_version");
    if (!version)
        return fail(version.error());
    const auto from = static_cast<size_t>(*version);
    if (from >= to.size())
        return {};
    std::string sql = "BEGIN IMMEDIATE;";
    for (const char *step : to.subspan(from))
        sql += step;
    sql += "PRAGMA application_id = " + std::to_string(application_id) +
           "; PRAGMA user_version = " + std::to_string(to.size()) + "; COMMIT";
    auto done = database.run(sql.c_str());
    if (!done && sqlite3_get_autocommit(database.handle()) == 0)
        (void)database.run("ROLLBACK");
    return done;
}

} // namespace pinpipe::store
