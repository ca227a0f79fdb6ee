"""What a real node changes outside its namespaces, written down first and put back in the end."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# The kubelet sets these for the whole machine, whatever namespace it lives in.
_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_SYSTEM = Path("/proc/sys")
# Written in the programs; the node mounts folders of its own on them, for which they must exist.
KUBELET = Path("/var/lib/kubelet")
NETWORK_CACHE = Path("/var/lib/cni")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the machine was like before a node came up."""

    settings: Mapping[str, str]
    folders: Sequence[str]
    """Empty folders that were made to mount something on them."""

    @classmethod
    def write(cls, file: Path) -> "Before":
        """Looks, writes it down, and only then makes the folders."""
        settings = {key: value for key in _SETTINGS if (value := _setting(key)) is not None}
        folders = [str(path) for path in (KUBELET, NETWORK_CACHE) if not path.exists()]
        before = cls(settings=settings, folders=folders)
        file.write_text(json.dumps(asdict(before), indent=2), encoding="utf-8")
        for folder in folders:
            Path(folder).mkdir(parents=True)
        return before

    @classmethod
    def read(cls, file: Path) -> "Before":
        """What `write` wrote."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def restore(self) -> None:
        """Makes the machine what it was."""
        for key, value in self.settings.items():
            if _setting(key) != value:
                (_SYSTEM / key).write_text(value, encoding="utf-8")
        for folder in map(Path, self.folders):
            if folder.exists():
                folder.rmdir()

    def changes(self) -> tuple[str, ...]:
        """What is not as it was."""
        found = [
            f"setting {key} is {_setting(key)}, was {value}"
            for key, value in self.settings.items()
            if _setting(key) != value
        ]
        found += [f"folder {folder}" for folder in self.folders if Path(folder).exists()]
        return tuple(found)


def _setting(key: str) -> str | None:
    try:
        return (_SYSTEM / key).read_text(encoding="utf-8").strip()
    except OSError:
        return None
