"""Every rendering of every kind of drill, byte for byte."""

from collections.abc import Callable

import pytest

from reports import FILE_NAMES, RENDERERS, render, to_document
from tests.reports import records

ENDINGS = {"json": "json", "html": "html", "junit": "xml", "text": "txt"}


@pytest.mark.parametrize("kind", sorted(RENDERERS))
@pytest.mark.parametrize("name", sorted(records.ALL))
def test_golden(name: str, kind: str, golden: Callable[[str, bytes], None]) -> None:
    golden(f"{name}.{ENDINGS[kind]}", render(to_document(records.ALL[name]()), kind))


def test_every_kind_has_a_file_name() -> None:
    assert set(FILE_NAMES) == set(RENDERERS)


def test_unknown_kind() -> None:
    """A kind that does not exist is an error, not an empty file."""
    with pytest.raises(KeyError):
        render(to_document(records.passed()), "pdf")
