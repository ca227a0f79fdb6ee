"""The images of the node's own pods: made here from the programs that the lab builds."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import parts
from tests.lab.images import IMAGES, write_image
from tests.lab.parts import LabError

PAUSE = "lab.local/pause:1"
BUSYBOX = "lab.local/busybox:1"
COREDNS = f"lab.local/coredns:{parts.COREDNS.version}"
VELERO = f"lab.local/velero:{parts.VELERO.version}"
AWS_PLUGIN = f"lab.local/velero-plugin-for-aws:{parts.AWS_PLUGIN.version}"

# Ends at once when told to; as the first process of its pod it would ignore signals otherwise.
_PAUSE = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait; done"
_COPY = "cp /plugins/* /target/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: the files in it, besides busybox with its shell, and what it starts."""

    name: str
    entrypoint: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    """Path in the image to program."""
    busybox: bool = False
    folder: Path = IMAGES

    @property
    def archive(self) -> Path:
        """Where it is kept."""
        return self.folder / f"{self.name.removeprefix('lab.local/').replace(':', '-')}.tar"


OWN = (
    Image(name=PAUSE, entrypoint=("/bin/sh", "-c", _PAUSE), busybox=True),
    Image(name=BUSYBOX, entrypoint=("/bin/sh",), busybox=True),
    Image(
        name=COREDNS, entrypoint=("/coredns",), files={"coredns": parts.COREDNS.path}
    ),
    Image(
        name=VELERO,
        entrypoint=("/velero",),
        files={
            "velero": parts.VELERO.path,
            "velero-restore-helper": parts.RESTORE_HELPER.path,
            "usr/bin/restic": parts.RESTIC.path,
        },
        busybox=True,
    ),
    Image(
        name=AWS_PLUGIN,
        entrypoint=("/bin/sh", "-c", _COPY),
        files={"plugins/velero-plugin-for-aws": parts.AWS_PLUGIN.path},
        busybox=True,
    ),
)  # fmt: skip


def make_images(images: Iterable[Image] = OWN) -> tuple[str, ...]:
    """Writes the archives that are missing or of another recipe; returns their names.

    Raises:
        LabError: A program is missing.
    """
    made = []
    for image in images:
        note, recipe = image.archive.with_suffix(".recipe"), _recipe(image)
        if not (image.archive.exists() and note.exists() and note.read_text() == recipe):
            _write(image)
            note.write_text(recipe, encoding="utf-8")
            made.append(image.name)
    return tuple(made)


def busybox_program() -> Path:
    """The static busybox of this machine.

    Raises:
        LabError: There is none.
    """
    found = shutil.which("busybox")
    if found is None:
        raise LabError("busybox is missing; run python tests/lab/lab.py build")
    return Path(found).resolve()


def _recipe(image: Image) -> str:
    """A digest of what goes into an image: this module, and which programs."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    for program in (*image.files.values(), *([busybox_program()] if image.busybox else ())):
        if not program.exists():
            raise LabError(f"{program.name} is not built; run python tests/lab/lab.py build")
        looks = program.stat()
        found.update(f"{program.name} {looks.st_size} {looks.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _write(image: Image) -> None:
    with tempfile.TemporaryDirectory(prefix="lab-image-") as folder:
        root = Path(folder) / "root"
        for name in ("etc", "tmp", "root"):
            (root / name).mkdir(parents=True)
        root.chmod(0o755)
        (root / "tmp").chmod(0o1777)
        (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
        if image.busybox:
            _add_shell(root)
        for path, program in image.files.items():
            _place(program, root / path, shutil.copyfile)
        write_image(
            image.archive, image.name, root, entrypoint=image.entrypoint, env={"HOME": "/root"}
        )


def _add_shell(root: Path) -> None:
    from tests.lab.node.machine import call  # noqa: PLC0415 - which few of the callers need

    _place(busybox_program(), root / "bin" / "busybox", shutil.copyfile)
    for applet in call(str(busybox_program()), "--list").stdout.split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")


def _place(program: Path, target: Path, copy: Callable[[Path, Path], object]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(program, target)
    target.chmod(0o755)
