"""Opens repositories of volume data with kopia itself, where its binary is at hand.

In: the bucket, the password. Out: the port SnapshotReader. The repository is opened for reading
only; configuration and cache live in a folder of our own, which is gone afterwards.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from drills import objects
from drills.adapters.store import S3Settings, is_folder, s3_settings
from drills.errors import DrillError
from drills.integrity.contract import Snapshots
from drills.ports import CommandResult, Shell

CONNECT_SECONDS = 60.0
LIST_SECONDS = 120.0
KOPIA = "kopia"
DEFAULT_PASSWORD = "static-passw0rd"  # noqa: S105 - Velero's own, public, pkg/repository/keys
MOST_WORDS = 200


def kopia_at_hand() -> str | None:
    """Return the path of the binary, None where there is none."""
    return shutil.which(KOPIA)


class KopiaReader:
    """Keeps `drills.integrity.contract.SnapshotReader`."""

    def __init__(
        self, shell: Shell, binary: str, url: str, password: str | None, env: Mapping[str, str]
    ) -> None:
        self._shell, self._binary, self._url = shell, binary, url
        self._guessed = password is None
        self._env = {**env, "KOPIA_PASSWORD": password or DEFAULT_PASSWORD}
        self._known: dict[tuple[str, str], Snapshots | None] = {}

    def snapshots(self, uploader: str, namespace: str) -> Snapshots | None:
        """Return what the repository of `namespace` holds.

        None for another tool's, and for one whose password nobody named.
        """
        if uploader != KOPIA:
            return None
        key = (uploader, namespace)
        if key not in self._known:
            found = self._tried(namespace)
            unnamed = self._guessed and "password" in found.trouble
            self._known[key] = None if unnamed else found
        return self._known[key]

    def _tried(self, namespace: str) -> Snapshots:
        try:
            return self._asked(namespace)
        except (DrillError, OSError) as error:
            return Snapshots(trouble=str(error))

    def _asked(self, namespace: str) -> Snapshots:
        with (
            tempfile.TemporaryDirectory(prefix="drill-kopia-") as place,
            self._storage(namespace, Path(place)) as storage,
        ):
            env = {**self._env, "HOME": place, "KOPIA_CONFIG_PATH": f"{place}/config"}
            common = ("--config-file", f"{place}/config", "--log-dir", f"{place}/log")
            connect = (
                *("repository", "connect", *storage, "--readonly"),
                *("--cache-directory", f"{place}/cache", *common),
            )
            opened = self._run(connect, env, CONNECT_SECONDS)
            if opened.exit_code:
                return Snapshots(trouble=_last_words(opened))
            found = self._run(("manifest", "list", "--json", *common), env, LIST_SECONDS)
            return _handles(found)

    def _run(self, words: Sequence[str], env: Mapping[str, str], timeout: float) -> CommandResult:
        return self._shell.run((self._binary, *words), env=env, timeout=timeout)

    @contextmanager
    def _storage(self, namespace: str, place: Path) -> Iterator[tuple[str, ...]]:
        if is_folder(self._url):
            yield ("filesystem", "--flat", "--path", str(_flat(self._url, namespace, place)))
        else:
            yield _s3(s3_settings(self._url), namespace)


def _flat(url: str, namespace: str, place: Path) -> Path:
    """Return a folder that holds the repository as kopia's file storage names its files."""
    source, flat = Path(url.removeprefix("file://")).expanduser().resolve(), place / "repository"
    flat.mkdir()
    for file in (source / KOPIA / namespace).iterdir():
        if file.is_file() and not file.is_symlink():
            (flat / f"{file.name}.f").symlink_to(file)
    return flat


def _s3(settings: S3Settings, namespace: str) -> tuple[str, ...]:
    within = f"{settings['prefix']}/" if settings["prefix"] else ""
    words = ["s3", f"--bucket={settings['bucket']}", f"--prefix={within}{KOPIA}/{namespace}/"]
    endpoint = settings["endpoint"]
    if endpoint:
        words.append(f"--endpoint={endpoint.partition('://')[2].rstrip('/')}")
        words += ["--disable-tls"] if endpoint.startswith("http://") else []
    if settings["region"]:
        words.append(f"--region={settings['region']}")
    if settings["verify"] is False:
        words.append("--disable-tls-verification")
    elif isinstance(settings["verify"], str):
        words.append(f"--root-ca-pem-path={settings['verify']}")
    return tuple(words)


def _handles(found: CommandResult) -> Snapshots:
    if found.exit_code:
        return Snapshots(trouble=_last_words(found))
    try:
        listed = json.loads(found.stdout)
    except ValueError:
        return Snapshots(trouble="kopia's list of manifests cannot be read")
    rows = listed if isinstance(listed, list) else []
    return Snapshots(
        handles=frozenset(
            objects.text(row, "id")
            for row in rows
            if objects.text(row, "labels", "type") == "snapshot"
        )
    )


def _last_words(result: CommandResult) -> str:
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return (lines[-1] if lines else f"exit code {result.exit_code}")[:MOST_WORDS]
