"""Brings the database to the schema of this release: `python3 migrate.py`.

Every file of migrations/ is applied once, in the order of its number, in a
transaction of its own. Running it again changes nothing.
"""

import re
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import db

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number that nothing else in this database uses as an advisory lock.
LOCK_KEY = 7_305_001
DATABASE_WAIT_SECONDS = 30


class Migration(NamedTuple):
    version: int
    name: str
    sql: str


def load(folder=MIGRATIONS):
    """The migrations of a folder in the order of their numbers."""
    found = {}
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"(\d+)_\w+\.sql", path.name)
        if not match:
            raise ValueError(f"{path.name}: a migration is called like 003_what_it_does.sql")
        version = int(match[1])
        if version in found:
            raise ValueError(f"{path.name}: number {version} is taken by {found[version].name}")
        found[version] = Migration(version, path.name, path.read_text(encoding="utf-8"))
    return [found[version] for version in sorted(found)]


def needed_version(folder=MIGRATIONS):
    """The schema version that this release was written for."""
    return max((migration.version for migration in load(folder)), default=0)


def migrate(connection, migrations):
    """Applies what is missing and returns the names of the files applied."""
    _run(connection, _create_table)
    return [m.name for m in migrations if _run(connection, lambda cursor: _apply(cursor, m))]


def _run(connection, work):
    # `with connection` commits, or rolls back when an error passes. The lock ends
    # with the transaction; a second migrate.py waits for it and then sees the record.
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        return work(cursor)


def _create_table(cursor):
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " version integer PRIMARY KEY,"
        " name text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())"
    )


def _apply(cursor, migration):
    cursor.execute("SELECT 1 FROM schema_migrations WHERE version = %s", (migration.version,))
    if cursor.fetchone():
        return False
    cursor.execute(migration.sql)
    cursor.execute(
        "INSERT INTO schema_migrations (version, name) VALUES (%s, %s)",
        (migration.version, migration.name),
    )
    return True


def main():
    with closing(db.connect_when_ready(DATABASE_WAIT_SECONDS)) as connection:
        applied = migrate(connection, load())
    for name in applied:
        print(f"applied {name}")
    print(f"schema version {needed_version()}: {len(applied)} new migrations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
