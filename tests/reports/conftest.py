"""The golden files: `--update-golden` writes them anew, and the diff shows what changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Return a check that bytes equal the golden file of that name."""
    update = bool(request.config.getoption("--update-golden", default=False))

    def check(name: str, found: bytes) -> None:
        path = GOLDEN / name
        if update:
            path.write_bytes(found)
        assert path.exists(), f"no golden file {name}: run pytest with --update-golden"
        assert found.decode() == path.read_text(encoding="utf-8")

    return check
