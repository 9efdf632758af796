"""What the shop keeps in its database."""

from contextlib import closing, contextmanager

import db
import migrate

# The columns a release may use, by the schema version that brought them. A release
# never asks for newer ones, so it also runs on the schema of the release after it.
COLUMNS_SINCE = {1: ("id", "name"), 2: ("price_cents",)}
PAGE_SIZE = 20


class SchemaTooOld(Exception):
    """The migrations of this release have not been applied."""


class Store:
    """Items in PostgreSQL; every call has a connection of its own."""

    def __init__(self, open_connection=db.connect, schema=None):
        self._open_connection = open_connection
        self.schema = migrate.needed_version() if schema is None else schema
        self.columns = tuple(
            column
            for version in sorted(COLUMNS_SINCE)
            if version <= self.schema
            for column in COLUMNS_SINCE[version]
        )

    def check(self):
        """The schema version found; raises when the database is not usable."""
        with self._cursor() as cursor:
            cursor.execute("SELECT max(version) FROM schema_migrations")
            found = cursor.fetchone()[0] or 0
        if found < self.schema:
            raise SchemaTooOld(f"schema is {found}, this release needs {self.schema}: run migrate.py")
        return found

    def count(self):
        """The number of items."""
        with self._cursor() as cursor:
            cursor.execute("SELECT count(*) FROM items")
            return cursor.fetchone()[0]

    def newest(self, limit=PAGE_SIZE):
        """The newest items first, each as a dict."""
        with self._cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(self.columns)} FROM items ORDER BY id DESC LIMIT %s", (limit,)
            )
            return [dict(zip(self.columns, row)) for row in cursor.fetchall()]

    def add(self, name):
        """Adds one item and returns its id."""
        with self._cursor() as cursor:
            cursor.execute("INSERT INTO items (name) VALUES (%s) RETURNING id", (name,))
            return cursor.fetchone()[0]

    @contextmanager
    def _cursor(self):
        with closing(self._open_connection()) as connection:
            with connection, connection.cursor() as cursor:
                yield cursor
