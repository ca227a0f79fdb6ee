"""How Hypothesis runs here: no test fails for a slow machine, and CI sees the same examples.

And one option, of tests that compare files with what they make.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "here",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files and made pages anew"
    )
