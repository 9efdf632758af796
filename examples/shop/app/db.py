"""The connection to PostgreSQL, described by environment variables."""

import os
import time
from pathlib import Path

CONNECT_TIMEOUT_SECONDS = 3


def settings(env=os.environ):
    """What psycopg2 needs to connect; the password comes from a secret file."""
    password_file = env.get("DB_PASSWORD_FILE", "/run/secrets/db_password")
    return {
        "host": env.get("DB_HOST", "db"),
        "port": int(env.get("DB_PORT", "5432")),
        "dbname": env.get("DB_NAME", "shop"),
        "user": env.get("DB_USER", "shop"),
        # Editors and `echo` end a file with a newline; it is no part of the password.
        "password": Path(password_file).read_text(encoding="utf-8").rstrip("\r\n"),
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "shop",
    }


def connect():
    """One new connection. The caller closes it."""
    # Imported here, so that the tests run where the driver is not installed.
    import psycopg2

    return psycopg2.connect(**settings())


def connect_when_ready(seconds, open_connection=connect, pause=time.sleep):
    """Like `connect`, but waits up to `seconds` for a database that is starting."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return open_connection()
        except Exception as error:
            if time.monotonic() >= deadline:
                raise ConnectionError(f"no database within {seconds} s: {error}") from error
            pause(0.5)
