"""What importing and loading cost."""

import subprocess
import sys
from pathlib import Path

import scenarios

ROOT = Path(scenarios.__file__).parents[1]


def loaded_modules(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return set(done.stdout.split())


def test_importing_the_room_loads_no_library() -> None:
    modules = loaded_modules("import scenarios")
    assert not modules & {"yaml", "jsonschema", "cronsim", "dataclasses", "scenarios.loading"}


def test_loading_does_without_the_slow_libraries() -> None:
    """`jsonschema` alone would take longer than ten scenarios."""
    modules = loaded_modules(
        "import scenarios; scenarios.load_scenario('scenarios/production-weekly.yaml', {})"
    )
    assert "yaml" in modules
    assert not modules & {"jsonschema", "importlib.metadata", "kubernetes", "boto3"}


def test_public_names_are_there() -> None:
    assert [name for name in scenarios.__all__ if not hasattr(scenarios, name)] == []
    assert not hasattr(scenarios, "no_such_name")
