"""The images of the shop: what is in each, who runs it, and how.

Out come archives in `build/images`. One that is there already, made of the same recipe, is not
made again.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.application import roots
from tests.lab.images import IMAGES as ARCHIVES
from tests.lab.images import write_image
from tests.lab.parts import LabError

_HERE = Path(__file__).resolve().parent
_POSTGRES_TOOLS = ("postgres", "initdb", "psql", "pg_isready", "pg_controldata", "pg_dump")
_DRIVER = ("pg8000", "scramp", "asn1crypto", "python-dateutil", "six")
_REDIS_PACKAGES = ("redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its name, how its root is made, and how it runs."""

    name: str
    file: str
    fill: Callable[[Path], None]
    sources: tuple[Path, ...] = ()
    """Files of ours in it: when they change, the image is made again."""
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = "1000:1000"

    @property
    def path(self) -> Path:
        """Where the archive is once it is made."""
        return ARCHIVES / f"{self.file}.tar"

    @property
    def recipe(self) -> str:
        """A digest of what goes into it, as far as it is ours."""
        files = (_HERE / "roots.py", _HERE / "recipes.py", *self.sources)
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _shop(root: Path) -> None:
    roots.plain_root(root)
    roots.add_python(root, _DRIVER)
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_HERE / "shop", root / "app", ignore=ours)
    shutil.copytree(_HERE / "press", root / "app" / "press", ignore=ours)


def _postgres(root: Path) -> None:
    roots.plain_root(root)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise LabError("PostgreSQL is not installed; apt-get install postgresql, build again")
    home = found[-1].parents[1]
    here = str(home).lstrip("/")
    roots.add_programs(
        root, {f"{here}/bin/{tool}": home / "bin" / tool for tool in _POSTGRES_TOOLS}
    )
    with tempfile.TemporaryDirectory() as folder:
        # Without the just-in-time compiler, whose library alone is bigger than all the rest.
        modules = Path(folder) / "lib"
        unwanted = shutil.ignore_patterns("llvmjit*", "bitcode", "pgxs", "pkgconfig")
        shutil.copytree(home / "lib", modules, ignore=unwanted)
        roots.add_tree(root, f"{here}/lib", modules)
    for tree in (Path("/usr/share/postgresql") / home.name, Path("/usr/share/zoneinfo/Etc")):
        shutil.copytree(tree, root / str(tree).lstrip("/"), ignore=shutil.ignore_patterns("man"))
    shutil.copy(_HERE / "start-postgres.sh", root / "bin" / "start-postgres")
    (root / "bin" / "start-postgres").chmod(0o755)
    for tool in _POSTGRES_TOOLS:
        (root / "bin" / tool).symlink_to(f"/{here}/bin/{tool}")


def _redis(root: Path) -> None:
    roots.plain_root(root)
    with tempfile.TemporaryDirectory() as folder:
        unpacked = _unpack_packages(Path(folder), _REDIS_PACKAGES)
        libraries = next(unpacked.glob("usr/lib/*-linux-gnu"))
        tools = unpacked / "usr" / "bin"
        programs = {
            "bin/redis-server": tools / "redis-check-rdb",
            "bin/redis-cli": tools / "redis-cli",
        }
        roots.add_programs(root, programs, beside=libraries)


def _unpack_packages(folder: Path, packages: Sequence[str]) -> Path:
    """Fetches Debian packages and unpacks them side by side; nothing is installed."""
    root = folder / "root"
    for command in (
        ["apt-get", "download", *packages],
        ["sh", "-c", f"for each in *.deb; do dpkg-deb -x $each {root}; done"],
    ):
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode != 0:
            raise LabError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return root


SHOP = Image(
    name="lab.local/shop:1.4.2",
    file="shop",
    fill=_shop,
    sources=tuple(
        sorted(file for name in ("shop", "press") for file in (_HERE / name).glob("*.py"))
    ),
    entrypoint=("/usr/local/bin/python3",),
    env={"PYTHONHOME": "/usr/local", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
)
POSTGRES = Image(
    name="lab.local/postgres:15",
    file="postgres",
    fill=_postgres,
    sources=(_HERE / "start-postgres.sh",),
    entrypoint=("/bin/start-postgres",),
    env={"PGDATA": "/data/database", "PGHOST": "/tmp"},  # noqa: S108 - in a container
    user="70:70",
)
REDIS = Image(
    name="lab.local/redis:7",
    file="redis",
    fill=_redis,
    entrypoint=("/bin/redis-server", "--protected-mode", "no", "--save", "", "--dir", "/tmp"),  # noqa: S108 - in a container
)
IMAGES = (SHOP, POSTGRES, REDIS)


def build_images() -> tuple[str, ...]:
    """Makes the images that are missing or of another recipe, and returns their names.

    Raises:
        LabError: A program that belongs in one is not installed here.
    """
    made = []
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    for image in IMAGES:
        note = image.path.with_suffix(".recipe")
        if image.path.exists() and note.exists() and note.read_text() == image.recipe:
            continue
        note.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=ARCHIVES) as folder:
            root = Path(folder) / "root"
            root.mkdir()
            root.chmod(0o755)
            image.fill(root)
            write_image(
                image.path, image.name, root,
                entrypoint=image.entrypoint, env=image.env, user=image.user,
            )  # fmt: skip
        note.write_text(image.recipe, encoding="utf-8")
        made.append(image.name)
    return tuple(made)
