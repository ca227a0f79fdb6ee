"""What asking a database takes and gives, whichever it is.

In: a driver's values and errors. Out: Login, Table, Refusal in the server's own words, sorted by
what it means for a drill.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from drills.alike import Amount

NAME = "restore-drill"
"""By which the connection shows in the server's own list."""


class Meaning(Enum):
    """What a server's refusal means."""

    LOGIN = "the login was refused"
    QUESTION = "the statement cannot be asked"
    WRITES = "the statement would write"
    SLOW = "the statement took too long"
    ANSWER = "the database cannot answer"
    BROKEN = "no database protocol, or a connection that broke"


class Refusal(Exception):
    """The server, or the driver, said no."""

    def __init__(self, meaning: Meaning, message: str) -> None:
        super().__init__(message)
        self.meaning = meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """As whom to ask. `tls`: True wants it, False does without, None takes it where offered."""

    user: str
    database: str
    password: str = field(repr=False)
    tls: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What came back: plain values, instants kept as datetime (aware where their zone is known)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def plain(cell: object) -> object:
    """Return a cell as a value that can be compared and shown; instants stay datetime."""
    if cell is None or isinstance(cell, bool | int | float | str | datetime):
        return cell
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else Amount(cell)
    if isinstance(cell, bytes | bytearray):
        return bytes(cell).decode("utf-8", "replace")
    if isinstance(cell, list | tuple):
        return [plain(each) for each in cell]
    return cell.isoformat() if isinstance(cell, date) else str(cell)


@contextmanager
def refusing(sort: Callable[[BaseException], Refusal | None]) -> Iterator[None]:
    """Turn whatever a driver raises into a Refusal.

    A driver that fails to say goodbye hides the server's own words behind that failure, so the
    whole chain of errors is looked through.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - what a hostile server makes a driver raise is open
        chain: BaseException | None = error
        while chain is not None:
            found = sort(chain)
            if found is not None:
                raise found from None
            chain = chain.__cause__ or chain.__context__
        words = f"{type(error).__name__}: {str(error)[:200]}"
        raise Refusal(Meaning.BROKEN, words) from None


def unverified() -> ssl.SSLContext:
    """Return TLS without a check of the certificate, which was made for another name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
