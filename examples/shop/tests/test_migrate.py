import io
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from . import fake_database
import migrate


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, *names):
        for name in names:
            (self.folder / name).write_text(f"-- {name}", encoding="utf-8")

    def test_the_number_decides_the_order(self):
        self.write("10_last.sql", "2_second.sql", "001_first.sql")
        self.assertEqual([m.version for m in migrate.load(self.folder)], [1, 2, 10])
        self.assertEqual(migrate.needed_version(self.folder), 10)

    def test_other_files_are_no_migrations(self):
        self.write("001_first.sql", "README.md")
        self.assertEqual([m.name for m in migrate.load(self.folder)], ["001_first.sql"])

    def test_a_name_without_number_is_refused(self):
        self.write("first.sql")
        with self.assertRaisesRegex(ValueError, "first.sql: a migration is called like"):
            migrate.load(self.folder)

    def test_a_number_used_twice_is_refused(self):
        self.write("001_first.sql", "1_again.sql")
        with self.assertRaisesRegex(ValueError, "number 1 is taken by 001_first.sql"):
            migrate.load(self.folder)

    def test_no_migrations_need_no_schema(self):
        self.assertEqual(migrate.needed_version(self.folder), 0)

    def test_the_shipped_ones_are_numbered_without_a_gap(self):
        versions = [m.version for m in migrate.load()]
        self.assertEqual(versions, list(range(1, len(versions) + 1)))


class Apply(unittest.TestCase):
    ONE = [migrate.Migration(1, "001_first.sql", "CREATE TABLE first ()")]

    def texts(self, database):
        return [sql for sql, _ in database.executed]

    def test_a_missing_migration_is_applied_and_recorded(self):
        database = fake_database.FakeDatabase()
        self.assertEqual(migrate.migrate(database, self.ONE), ["001_first.sql"])
        self.assertIn("CREATE TABLE first ()", self.texts(database))
        self.assertEqual(database.executed[-1][1], (1, "001_first.sql"))

    def test_a_recorded_migration_is_not_applied_again(self):
        database = fake_database.FakeDatabase({"SELECT 1 FROM schema_migrations": [(1,)]})
        self.assertEqual(migrate.migrate(database, self.ONE), [])
        self.assertNotIn("CREATE TABLE first ()", self.texts(database))

    def test_every_transaction_begins_with_the_lock(self):
        database = fake_database.FakeDatabase()
        migrate.migrate(database, self.ONE)
        locks = [text for text in self.texts(database) if "pg_advisory_xact_lock" in text]
        self.assertEqual(len(locks), database.commits)

    def test_a_failing_migration_is_rolled_back_and_stops_the_run(self):
        database = fake_database.FakeDatabase({"CREATE TABLE first": RuntimeError("no space")})
        later = migrate.Migration(2, "002_second.sql", "CREATE TABLE second ()")
        with self.assertRaisesRegex(RuntimeError, "no space"):
            migrate.migrate(database, [*self.ONE, later])
        self.assertEqual(database.rollbacks, 1)
        self.assertNotIn("CREATE TABLE second ()", self.texts(database))

    def test_the_command_says_what_it_applied(self):
        database = fake_database.FakeDatabase()
        out = io.StringIO()
        with mock.patch("db.connect_when_ready", return_value=database), redirect_stdout(out):
            self.assertEqual(migrate.main(), 0)
        self.assertIn("applied 001_items.sql\n", out.getvalue())
        self.assertEqual(database.closed, 1)


if __name__ == "__main__":
    unittest.main()
