"""Sizes are read exactly, or refused."""

import pytest

from scenarios.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("2Ki", 2048), ("3Mi", 3 << 20), ("500Gi", 500 << 30), ("1Ti", 1 << 40)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "1G", "1.5Gi", "-1", "Gi", "1 Gi", "1Gi\n", "9" * 16])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)
