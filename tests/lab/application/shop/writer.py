"""Adds a row a second to the ledger and a message to the queue, and says who it was.

Each row names the namespace of the pod that wrote it: a copy that writes to production's database
gives itself away there for ever.
"""

import os
import socket
import sys
import time
from pathlib import Path

from database import SECONDS, connect
from pg8000.native import Connection, DatabaseError, InterfaceError

WROTE = Path("/tmp/wrote")  # noqa: S108 - in a container of its own


def _write(database: Connection) -> int:
    # Numbers without holes, which a sequence does not promise after a crash.
    (row,) = database.run(
        "INSERT INTO ledger (id, amount, writer, namespace) SELECT coalesce(max(id), 0) + 1,"
        " :amount, :writer, :namespace FROM ledger RETURNING id",
        amount=int(time.time()) % 500,
        writer=os.environ["POD_NAME"],
        namespace=os.environ["POD_NAMESPACE"],
    )
    return int(row[0])


def _queue(number: int) -> None:
    """Sends the order's number to the queue, in the queue's own plain protocol."""
    place = (os.environ["QUEUE_HOST"], int(os.environ.get("QUEUE_PORT", "6379")))
    with socket.create_connection(place, timeout=SECONDS) as queue:
        queue.sendall(f"LPUSH orders {number}\r\nLTRIM orders 0 999\r\n".encode())
        queue.recv(64)


def main() -> None:
    """Writes for ever; a database that is away is tried again a second later."""
    while True:
        try:
            with connect() as database:
                while True:
                    _queue(_write(database))
                    WROTE.touch()
                    time.sleep(1)
        except (OSError, DatabaseError, InterfaceError) as error:
            sys.stdout.write(f"cannot write: {error}\n")
            time.sleep(1)


main()
