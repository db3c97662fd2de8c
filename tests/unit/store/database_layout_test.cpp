// SPDX-License-Identifier: MIT
#include "tools/store/database_layout.h"

#include "tests/unit/support/store.h"

namespace pinpipe::store {
namespace {

TEST(StoreSchema, ANewDatabaseSaysWhatItIs) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    EXPECT_EQ(number(writer.database(), "PRAGMA application_id"), application_id);
    EXPECT_EQ(number(writer.database(), "PRAGMA user_version"), schema_version());
}

TEST(StoreSchema, StepsThatAreMissingAreTaken) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    Database &database = writer.database();
    std::vector<const char *> steps(schema_steps.begin(), schema_steps.end());
    steps.push_back("ALTER TABLE usage ADD COLUMN later INTEGER;");
    steps.push_back("CREATE TABLE more (x); INSERT INTO more VALUES (7);");
    for (int i = 0; i < 2; i++) { // the second time there is nothing to do
        const auto migrated = migrate(database, steps);
        ASSERT_TRUE(migrated) << migrated.error().text;
        EXPECT_EQ(number(database, "PRAGMA user_version"), schema_version() + 2);
        EXPECT_EQ(number(database, "SELECT count(*) FROM more"), 1);
        EXPECT_EQ(number(database, "SELECT count(*) FROM pragma_table_info('usage') "
                                   "WHERE name = 'later'"),
                  1);
    }
}

TEST(StoreSchema, AStepThatFailsChangesNothing) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    Database &database = writer.database();
    std::vector<const char *> steps(schema_steps.begin(), schema_steps.end());
    steps.push_back("CREATE TABLE more (x);");
    steps.push_back("CREATE TABLE more (x);");
    EXPECT_FALSE(migrate(database, steps));
    EXPECT_EQ(number(database, "PRAGMA user_version"), schema_version());
    EXPECT_EQ(number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"), 0);
    ASSERT_TRUE(database.run("BEGIN; COMMIT")); // no transaction is left open
}

} // namespace
} // namespace pinpipe::store
