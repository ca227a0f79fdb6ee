"""Which version runs, and from where: another package named `runner` may be installed too."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DISTRIBUTION = "restore-drill-runner"


def version_number() -> str:
    """Return the installed version, or the one of this checkout."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return _checkout_version()


def version_line() -> str:
    """Return name, version and folder."""
    return f"{DISTRIBUTION} {version_number()} ({Path(__file__).resolve().parent})"


def _checkout_version() -> str:
    import tomllib

    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    try:
        return str(tomllib.loads(project.read_text())["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"
