"""The shop's database: where it is stands in the environment."""

import os

from pg8000.native import Connection

SECONDS = 5


def connect() -> Connection:
    """Opens a connection; raises what the driver or the network says."""
    return Connection(
        os.environ["DATABASE_USER"],
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ.get("DATABASE_PORT", "5432")),
        database=os.environ.get("DATABASE_NAME", "shop"),
        password=os.environ["DATABASE_PASSWORD"],
        timeout=SECONDS,
    )
