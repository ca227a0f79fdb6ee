"""What the other side said first, and whose protocol that is.

In: a socket that a database's driver is about to use. Out: a socket that remembers the first bytes
that came, and the name of the protocol that begins so. A driver only knows that they make no sense.
"""

import re
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ENOUGH = 16
MYSQL, POSTGRESQL = "MySQL", "PostgreSQL"
_PROTOCOLS: Mapping[str, re.Pattern[bytes]] = {
    "HTTP": re.compile(rb"HTTP/"),
    "SSH": re.compile(rb"SSH-"),
    "TLS": re.compile(rb"[\x14-\x17]\x03[\x00-\x04]"),
    "AMQP": re.compile(rb"AMQP"),
    "Redis": re.compile(rb"-[A-Z]{3}|\+(OK|PONG)"),
    "SMTP or FTP": re.compile(rb"220[ -]"),
    MYSQL: re.compile(rb"..\x00\x00[\x0a\xff]", re.DOTALL),
    POSTGRESQL: re.compile(rb"[SN]($|[NRE])|[NRE]\x00\x00..", re.DOTALL),
}
"""How each begins. PostgreSQL: `S` or `N` to a wish for TLS, or a message with its length."""


class FirstWords(socket.socket):
    """A socket that remembers the first bytes that came. It takes `plain` over."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.heard = bytearray()

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive, and remember what stands behind it too: a driver may take a single byte."""
        if not self.heard:
            self._remember(super().recv(ENOUGH, socket.MSG_PEEK))
        return super().recv(size, flags)

    def recv_into(self, buffer: "WriteableBuffer", size: int = 0, flags: int = 0) -> int:
        """Receive, and remember."""
        count = super().recv_into(buffer, size, flags)
        if not self.heard:
            self._remember(bytes(memoryview(buffer)[: min(count, ENOUGH)]))
        return count

    def _remember(self, data: bytes) -> None:
        self.heard += data[: ENOUGH - len(self.heard)]


def protocol_of(heard: bytes) -> str:
    """Return the protocol that begins so, '' where none is known to."""
    return next((name for name, form in _PROTOCOLS.items() if form.match(heard)), "")
