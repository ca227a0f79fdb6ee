"""Opens repositories of volume data with kopia itself, where its binary is at hand.

In: the store, the password. Out: the port SnapshotReader. Kopia sees the store through a gateway
that cannot write; its configuration lies in a folder of our own, which is gone afterwards.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from drills import objects
from drills.errors import DrillError, Interrupted
from drills.integrity.contract import Snapshots
from drills.ports import CommandResult, ObjectStore, Shell

if TYPE_CHECKING:
    from drills.adapters.gateway import Gateway

LOOK_SECONDS = 3600.0
"""For what reads indexes alone."""
READ_SECONDS = 24 * 3600.0
"""For what may read all volume data of a backup."""
KOPIA = "kopia"
DEFAULT_PASSWORD = "static-passw0rd"  # noqa: S105 - Velero's own, public, pkg/repository/keys
WRONG_PASSWORD = "invalid repository password"  # noqa: S105 - kopia's words, no password
BROKEN = re.compile(
    r"BLOB not found|content not found|missing blob|unable to decrypt|error decrypting"
    r"|authentication failed|corrupt|parse format blob|invalid blob offset|invalid checksum"
)
"""Kopia's words for files that are gone or are not what was written, kopia 0.17 to 0.22."""
CAUSES = 2


def kopia_at_hand() -> str | None:
    """Return the path of the binary, None where there is none."""
    return shutil.which(KOPIA)


@dataclass(slots=True)
class _Opened:
    """What is known of one repository."""

    found: Snapshots
    sound: bool = True
    """Whether every block that an index names lies in a pack that is there and long enough."""
    looked_at: dict[str, str] = field(default_factory=dict)
    """What is wrong with each snapshot that was looked at, '' where nothing is."""


class KopiaReader:
    """Keeps `drills.integrity.contract.SnapshotReader`."""

    def __init__(
        self,
        shell: Shell,
        binary: str,
        store: ObjectStore,
        password: str | None,
        *,
        read_percent: int = 0,
    ) -> None:
        self._shell, self._binary, self._store = shell, binary, store
        self._guessed = password is None
        self._password = password or DEFAULT_PASSWORD
        self._percent = read_percent
        self._known: dict[str, _Opened] = {}

    def snapshots(self, uploader: str, namespace: str, wanted: frozenset[str]) -> Snapshots | None:
        """Return what the repository of `namespace` holds, and how `wanted` are; see the port."""
        if uploader != KOPIA:
            return None
        opened = self._known.get(namespace)
        if opened is None:
            opened = self._known[namespace] = self._opened(namespace)
        if self._guessed and WRONG_PASSWORD in opened.found.trouble:
            return None
        if opened.found.trouble or opened.found.damage:
            return opened.found
        return self._looked_at(namespace, opened, wanted)

    def _opened(self, namespace: str) -> _Opened:
        try:
            with self._session(namespace) as session:
                found = session.listed()
                if found.trouble or found.damage:
                    return _Opened(found)
                whole = session.run(("content", "verify"), LOOK_SECONDS)
                trouble = session.outside(whole)
                return _Opened(replace(found, trouble=trouble), sound=not whole.exit_code)
        except Interrupted:
            raise
        except (DrillError, OSError) as error:
            return _Opened(Snapshots(trouble=str(error)))

    def _looked_at(self, namespace: str, opened: _Opened, wanted: frozenset[str]) -> Snapshots:
        """Look at the snapshots that no other backup has asked for; each stays looked at."""
        here = wanted & opened.found.handles
        # A pack that is cut off somewhere: only reading tells whether these snapshots suffer.
        percent = self._percent if opened.sound else 100
        try:
            if fresh := here - opened.looked_at.keys():
                with self._session(namespace) as session:
                    opened.looked_at |= session.verified(sorted(fresh), percent)
        except Interrupted:
            raise
        except (DrillError, OSError) as error:
            return replace(opened.found, trouble=str(error))
        broken = {one: words for one in here if (words := opened.looked_at[one])}
        return replace(
            opened.found, broken=broken, read_percent=percent, others_damaged=not opened.sound
        )

    @contextmanager
    def _session(self, namespace: str) -> Iterator["_Session"]:
        from drills.adapters.gateway import gateway  # noqa: PLC0415 - a web server few need

        with (
            tempfile.TemporaryDirectory(prefix="drill-kopia-") as place,
            gateway(self._store) as shown,
        ):
            config = Path(place, "config")
            config.touch(mode=0o600)
            config.write_text(json.dumps(_config(shown, f"{KOPIA}/{namespace}/")))
            env = {
                "HOME": place,
                "KOPIA_PASSWORD": self._password,
                "KOPIA_CHECK_FOR_UPDATES": "false",
            }
            yield _Session(self._shell, self._binary, place, env, shown)


@dataclass(frozen=True, slots=True)
class _Session:
    """Kopia with one repository at hand."""

    shell: Shell
    binary: str
    place: str
    env: Mapping[str, str]
    shown: "Gateway"

    def run(self, words: Sequence[str], seconds: float) -> CommandResult:
        common = ("--config-file", f"{self.place}/config", "--log-dir", f"{self.place}/log")
        return self.shell.run((self.binary, *words, *common), env=self.env, timeout=seconds)

    def outside(self, result: CommandResult) -> str:
        """Return what else than the repository's files made a command fail."""
        return str(self.shown.trouble) if result.exit_code and self.shown.trouble else ""

    def listed(self) -> Snapshots:
        """Return the snapshots that the repository names."""
        result = self.run(("manifest", "list", "--json"), LOOK_SECONDS)
        if result.exit_code:
            words = _last_line(result.stderr)
            if not self.shown.trouble and BROKEN.search(words):
                return Snapshots(damage=_cause(words))
            return Snapshots(trouble=self.outside(result) or _cause(words))
        try:
            rows = json.loads(result.stdout)
        except ValueError:
            return Snapshots(trouble="kopia's list of manifests cannot be read")
        named = [row for row in rows if objects.text(row, "labels", "type") == "snapshot"]
        return Snapshots(handles=frozenset(objects.text(row, "id") for row in named))

    def verified(self, handles: Sequence[str], percent: int) -> dict[str, str]:
        """Return what is wrong with each snapshot; raises DrillError where that cannot be told."""
        words = ("snapshot", "verify", "--json", f"--verify-files-percent={percent}", *handles)
        result = self.run(words, READ_SECONDS)
        if not result.exit_code:
            return dict.fromkeys(handles, "")
        if self.shown.trouble:
            raise self.shown.trouble
        if len(handles) == 1:
            return {handles[0]: _said(result)}
        return {name: why for one in handles for name, why in self.verified([one], percent).items()}


def _config(shown: "Gateway", prefix: str) -> Mapping[str, object]:
    """Return kopia's configuration: a read-only client without a cache, `repo/local_config.go`."""
    storage = {
        "bucket": shown.bucket,
        "prefix": prefix,
        "endpoint": shown.address,
        "doNotUseTLS": True,
        "accessKeyID": "none",
        "secretAccessKey": "none",
        "sessionToken": "",
        "region": "us-east-1",
    }
    return {
        "storage": {"type": "s3", "config": storage},
        "caching": {},
        "hostname": "restore-drill",
        "username": "restore-drill",
        "readonly": True,
    }


def _said(result: CommandResult) -> str:
    """Return the first thing that `snapshot verify` complains about."""
    try:
        found = objects.items(json.loads(result.stdout), "errorStrings")
    except ValueError:
        found = ()
    return str(next(iter(found), "")) or _cause(_last_line(result.stderr))


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "kopia said nothing"


def _cause(line: str) -> str:
    """Return a line of kopia's without what it was about to do: the cause stands at the end."""
    return ": ".join(line.split(": ")[-CAUSES:])
