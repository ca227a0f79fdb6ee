"""Foreign response bodies as files whose errors are ours.

In: something with `read(size)`, and a translation for what it raises. Out: a buffered BinaryIO.
"""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from drills.errors import DrillError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER = 1 << 18


class Body(io.RawIOBase):
    """Reads through `read`; exceptions of the kinds `foreign` become what `translate` returns."""

    def __init__(
        self,
        read: Callable[[int], bytes],
        foreign: tuple[type[Exception], ...],
        translate: Callable[[Exception], DrillError],
    ) -> None:
        super().__init__()
        self._read = read
        self._foreign = foreign
        self._translate = translate

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer` with the next bytes."""
        view = memoryview(buffer)
        try:
            data = self._read(len(view))
        except self._foreign as error:
            # The library's own words may hold a signed URL, so they end here.
            raise self._translate(error) from None
        view[: len(data)] = data
        return len(data)


def buffered(body: Body) -> io.BufferedReader:
    """Return the body as a buffered file."""
    return io.BufferedReader(body, BUFFER)
