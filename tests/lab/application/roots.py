"""Root file systems for images, made of programs that are installed on this machine.

In come an empty folder and what shall run in it, out comes a root that holds those programs with
every library they ask for, and nothing else. No registry, no daemon, no root rights needed.
"""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from tests.lab.parts import LabError

LIBRARIES = "lib"
"""Where all libraries lie; the loader looks there by itself."""
_USERS: Mapping[str, int] = {"root": 0, "postgres": 70, "shop": 1000, "nobody": 65534}
_NOT_NEEDED = shutil.ignore_patterns(
    *("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data"),
    *("site-packages", "dist-packages", "config-*", "lib-dynload"),
)
# Extensions of the standard library that a shop has no use for, and their heavy libraries.
_UNUSED_EXTENSIONS = ("_tkinter", "_test", "_ctypes_test", "_sqlite3", "_dbm", "_gdbm", "xx")


def plain_root(root: Path) -> None:
    """Adds what every program takes for granted: users, a shell and its tools, `/tmp`.

    Raises:
        LabError: This machine has no busybox.
    """
    users = [f"{name}:x:{uid}:{uid}::/tmp:/bin/sh" for name, uid in _USERS.items()]
    groups = [f"{name}:x:{uid}:" for name, uid in _USERS.items()]
    write(root, "etc/passwd", "\n".join([*users, ""]))
    write(root, "etc/group", "\n".join([*groups, ""]))
    write(root, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    busybox = shutil.which("busybox")
    if busybox is None:
        raise LabError("busybox is not installed; apt-get install busybox-static, then build again")
    add_programs(root, {"bin/busybox": Path(busybox)})
    for name in _output([busybox, "--list"]).split():
        if not os.path.lexists(root / "bin" / name):
            (root / "bin" / name).symlink_to("busybox")


def add_programs(root: Path, programs: Mapping[str, Path], *, beside: Path | None = None) -> None:
    """Copies executables to the paths named, and the libraries they ask for.

    Args:
        root: The root file system.
        programs: Path in the root to the file on this machine.
        beside: A folder with libraries that this machine itself does not have.

    Raises:
        LabError: A library is nowhere to be found.
    """
    for path, source in programs.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        target.chmod(0o755)
    _add_libraries(root, programs.values(), beside)


def add_tree(root: Path, path: str, source: Path) -> None:
    """Copies a folder, with the libraries of every shared object in it."""
    shutil.copytree(source, root / path, dirs_exist_ok=True)
    _add_libraries(root, sorted(source.rglob("*.so")), None)


def add_python(root: Path, distributions: Iterable[str]) -> None:
    """Adds this machine's Python as `/usr/local/bin/python3`, with some of its distributions.

    The image needs `PYTHONHOME=/usr/local`, because the interpreter was built for another place.
    """
    version = f"python{sysconfig.get_python_version()}"
    library = f"usr/local/lib/{version}"
    interpreter = Path(sysconfig.get_path("scripts", vars=_base())) / version
    add_programs(root, {"usr/local/bin/python3": interpreter})
    shutil.copytree(
        sysconfig.get_path("stdlib"), root / library, dirs_exist_ok=True, ignore=_NOT_NEEDED
    )
    extensions = [
        file
        for file in sorted(Path(sysconfig.get_path("platstdlib", vars=_base())).glob(
            "lib-dynload/*.so"
        ))
        if not file.name.startswith(_UNUSED_EXTENSIONS)
    ]  # fmt: skip
    (root / library / "lib-dynload").mkdir(exist_ok=True)
    for file in extensions:
        shutil.copy(file, root / library / "lib-dynload")
    _add_libraries(root, extensions, None)
    for name in distributions:
        _add_distribution(root / library / "site-packages", name)


def write(root: Path, path: str, text: str, *, mode: int = 0o644) -> None:
    """Writes one file."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(mode)


def _base() -> dict[str, str]:
    """The installation behind a virtual environment."""
    names = ("base", "platbase", "installed_base", "installed_platbase")
    base = str(sysconfig.get_config_var("installed_base"))
    return dict.fromkeys(names, base)


def _add_distribution(target: Path, name: str) -> None:
    """Copies an installed distribution with its metadata, which some packages ask for."""
    for file in metadata.distribution(name).files or ():
        source = Path(str(file.locate()))
        if ".." not in file.parts and source.exists():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / file)


def _add_libraries(root: Path, files: Iterable[Path], beside: Path | None) -> None:
    for file in files:
        for name, path in _libraries_of(file, beside).items():
            # The loader is asked for by its whole path, all others by their names.
            target = root / (str(path).lstrip("/") if name.startswith("/") else f"lib/{name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(path, target)


def _libraries_of(file: Path, beside: Path | None) -> Mapping[str, Path]:
    extra = {"LD_LIBRARY_PATH": str(beside)} if beside else {}
    done = subprocess.run(
        ["ldd", str(file)],  # noqa: S607 - any ldd will do
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", **extra},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    missing = re.findall(r"^\s*(\S+) => not found", done.stdout, re.MULTILINE)
    if missing:
        raise LabError(f"{file} needs {', '.join(missing)}, which this machine does not have")
    found = re.findall(r"^\s*(?:(\S+) => )?(/\S+) \(0x", done.stdout, re.MULTILINE)
    return {name or path: Path(path) for name, path in found}


def _output(command: list[str]) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=True
    ).stdout  # fmt: skip
