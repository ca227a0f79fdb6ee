"""Makes the tables, a login that may only read, and the canary; run once, as a Job."""

import os
import sys
import time

from database import connect
from pg8000.native import DatabaseError, InterfaceError, identifier, literal

PATIENCE = 120
STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS ledger (id bigint PRIMARY KEY, amount int NOT NULL,
       at timestamptz NOT NULL DEFAULT now(), writer text NOT NULL, namespace text NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ledger_at ON ledger (at)",
    """CREATE TABLE IF NOT EXISTS canaries (id text PRIMARY KEY,
       written timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE IF NOT EXISTS backup_counts (ledger bigint NOT NULL,
       taken timestamptz NOT NULL DEFAULT clock_timestamp())""",
)


def _try() -> None:
    with connect() as database:
        for statement in STATEMENTS:
            database.run(statement)
        database.run(
            "INSERT INTO canaries (id) VALUES (:id) ON CONFLICT DO NOTHING", id=os.environ["CANARY"]
        )
        reader, password = os.environ["READER_USER"], os.environ["READER_PASSWORD"]
        if not database.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=reader):
            database.run(f"CREATE ROLE {identifier(reader)} LOGIN PASSWORD {literal(password)}")
        database.run(f"GRANT pg_read_all_data TO {identifier(reader)}")


def main() -> int:
    """Tries until the database is there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            _try()
        except (OSError, DatabaseError, InterfaceError) as error:
            if time.monotonic() > end:
                sys.stdout.write(f"gave up: {error}\n")
                return 1
            time.sleep(1)
        else:
            sys.stdout.write("tables are there\n")
            return 0


sys.exit(main())
