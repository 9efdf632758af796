"""A stand-in for a psycopg2 connection: answers from a list, remembers what was asked."""


class FakeDatabase:
    """`answers` maps a part of an SQL text to the rows it returns, or to an error."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.executed = []
        self.commits = 0
        self.rollbacks = 0
        self.closed = 0

    def connect(self):
        return self

    def cursor(self):
        return FakeCursor(self)

    def close(self):
        self.closed += 1

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, traceback):
        if error_type:
            self.rollbacks += 1
        else:
            self.commits += 1


class FakeCursor:
    def __init__(self, database):
        self.database = database
        self.rows = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def execute(self, sql, parameters=()):
        self.database.executed.append((sql, parameters))
        self.rows = []
        for part, answer in self.database.answers.items():
            if part in sql:
                if isinstance(answer, Exception):
                    raise answer
                self.rows = list(answer)

    def fetchone(self):
        return self.rows[0] if self.rows else None

    def fetchall(self):
        return self.rows
