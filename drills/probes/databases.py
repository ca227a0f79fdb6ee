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
from math import isfinite, isnan

from drills.alike import Amount

NAME = "restore-drill"
"""By which the connection shows in the server's own list."""


class Meaning(Enum):
    """What a server's refusal means."""

    LOGIN = "the login was refused"
    QUESTION = "the statement cannot be asked"
    WRITES = "the statement would write"
    SLOW = "the statement took too long"
    BUSY = "the database takes no more connections"
    DRIVER = "the driver cannot ask"
    ANSWER = "the database cannot answer"
    BROKEN = "the connection broke"


class Refusal(Exception):
    """The server, or the driver, said no. `login`: before it had let us in."""

    def __init__(self, meaning: Meaning, message: str, *, login: bool = False) -> None:
        super().__init__(message)
        self.meaning = meaning
        self.login = login


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


class Json(str):
    """JSON as the database prints it."""

    __slots__ = ()


def plain(cell: object) -> object:
    """Return a cell as a value that can be compared and shown.

    Instants stay datetime and bytes stay bytes; numbers that are not finite become their words.
    """
    if cell is None or isinstance(cell, bool | int | str | datetime | bytes):
        return cell
    if isinstance(cell, float | Decimal):
        return _number(cell)
    if isinstance(cell, bytearray | memoryview):
        return bytes(cell)
    if isinstance(cell, list | tuple):
        return [plain(each) for each in cell]
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _number(cell: float | Decimal) -> object:
    if not isfinite(cell):
        return "NaN" if isnan(cell) else "Infinity" if cell > 0 else "-Infinity"
    if isinstance(cell, float):
        return cell
    return int(cell) if cell == cell.to_integral_value() else Amount(cell)


@contextmanager
def refusing(sort: Callable[[BaseException], Refusal | None], *, login: bool) -> Iterator[None]:
    """Turn whatever a driver raises into a Refusal.

    | what was raised                        | while logging in | later                        |
    |----------------------------------------|------------------|------------------------------|
    | the server's refusal of a login        | LOGIN            | QUESTION: it had let us in   |
    | another refusal of the server          | as sorted        | as sorted                    |
    | the connection ended                   | BROKEN           | BROKEN                       |
    | anything else, a missing library too   | DRIVER           | DRIVER                       |

    A driver that fails to say goodbye hides the server's own words behind that failure, so the
    whole chain of errors is looked through.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - what a hostile server makes a driver raise is open
        found = _sorted(error, sort)
        late = not login and found.meaning is Meaning.LOGIN
        meaning = Meaning.QUESTION if late else found.meaning
        raise Refusal(meaning, str(found), login=login) from None


def _sorted(error: Exception, sort: Callable[[BaseException], Refusal | None]) -> Refusal:
    chain: BaseException | None = None if isinstance(error, ImportError) else error
    while chain is not None:
        found = sort(chain)
        if found is not None:
            return found
        chain = chain.__cause__ or chain.__context__
    ended = isinstance(error, OSError | EOFError) and not isinstance(error, ssl.SSLError)
    words = f"{type(error).__name__}: {str(error)[:200]}"
    return Refusal(Meaning.BROKEN if ended else Meaning.DRIVER, words)


def unverified() -> ssl.SSLContext:
    """Return TLS without a check of the certificate, which was made for another name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
