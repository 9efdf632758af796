import tempfile
import unittest
from pathlib import Path

from .fake_database import FakeDatabase
import db
import discounts
from store import SchemaTooOld, Store


class Schema(unittest.TestCase):
    def check(self, found, needed):
        return Store(FakeDatabase({"max(version)": [(found,)]}).connect, schema=needed).check()

    def test_the_needed_schema_is_good(self):
        self.assertEqual(self.check(found=2, needed=2), 2)

    def test_a_newer_schema_is_good(self):
        self.assertEqual(self.check(found=2, needed=1), 2)

    def test_an_older_schema_is_not(self):
        with self.assertRaisesRegex(SchemaTooOld, "schema is 1, this release needs 2"):
            self.check(found=1, needed=2)

    def test_an_empty_record_is_not(self):
        with self.assertRaises(SchemaTooOld):
            self.check(found=None, needed=1)


class Items(unittest.TestCase):
    def test_an_old_release_does_not_ask_for_newer_columns(self):
        database = FakeDatabase({"FROM items": [(7, "tea")]})
        self.assertEqual(Store(database.connect, schema=1).newest(), [{"id": 7, "name": "tea"}])
        self.assertNotIn("price_cents", database.executed[0][0])

    def test_a_new_release_reads_prices(self):
        database = FakeDatabase({"FROM items": [(7, "tea", 250)]})
        item = Store(database.connect, schema=2).newest()[0]
        self.assertEqual(item, {"id": 7, "name": "tea", "price_cents": 250})

    def test_count_and_add(self):
        database = FakeDatabase({"count(*)": [(1000,)], "INSERT": [(1001,)]})
        store = Store(database.connect, schema=2)
        self.assertEqual((store.count(), store.add("tea")), (1000, 1001))
        self.assertEqual((database.commits, database.closed), (2, 2))

    def test_the_connection_is_closed_after_an_error(self):
        database = FakeDatabase({"INSERT": RuntimeError("disk full")})
        with self.assertRaisesRegex(RuntimeError, "disk full"):
            Store(database.connect, schema=2).add("tea")
        self.assertEqual((database.rollbacks, database.closed), (1, 1))


class Connection(unittest.TestCase):
    def test_the_password_is_read_from_the_file_without_its_newline(self):
        with tempfile.TemporaryDirectory() as folder:
            secret = Path(folder) / "db_password"
            secret.write_text("s3 cret \n", encoding="utf-8")
            found = db.settings({"DB_PASSWORD_FILE": str(secret), "DB_HOST": "elsewhere"})
        self.assertEqual(found["password"], "s3 cret ")
        self.assertEqual((found["host"], found["dbname"], found["port"]), ("elsewhere", "shop", 5432))

    def test_a_starting_database_is_waited_for(self):
        answers = [ConnectionRefusedError("starting"), ConnectionRefusedError("starting"), None]
        pauses = []

        def open_connection():
            answer = answers.pop(0)
            if answer:
                raise answer
            return "connection"

        self.assertEqual(db.connect_when_ready(30, open_connection, pauses.append), "connection")
        self.assertEqual(len(pauses), 2)

    def test_a_database_that_does_not_come_is_named_with_the_reason(self):
        def open_connection():
            raise ConnectionRefusedError("nothing there")

        with self.assertRaisesRegex(ConnectionError, "no database within 0 s: nothing there"):
            db.connect_when_ready(0, open_connection)


class Discounts(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "discounts.txt"
            path.write_text(text, encoding="utf-8")
            return discounts.load(path)

    def test_comments_and_blank_lines_are_skipped(self):
        self.assertEqual(self.load("# percent\n\na = b = 5\ntea=100\n"), {"a = b": 5, "tea": 100})

    def test_every_malformed_line_is_shown(self):
        with self.assertRaises(ValueError) as caught:
            self.load("tea = 5\n::error::this line is data\ncoffee = 101\n")
        self.assertEqual(str(caught.exception).splitlines()[1:], ["::error::this line is data", "coffee = 101"])

    def test_the_shipped_file_is_good(self):
        self.assertEqual(discounts.load()["item 1"], 10)


if __name__ == "__main__":
    unittest.main()
