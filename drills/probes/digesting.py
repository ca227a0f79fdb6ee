"""What the checksum probe runs in a container, and what it leaves out before it reads. Pure.

In: the question and the names that are expected. Out: commands of `find` and `sha256sum`.

| a pattern of `exclude`            | what find is told                                   |
|-----------------------------------|-----------------------------------------------------|
| `*.log`                           | no file whose path below `path` fits is read        |
| ends in `*` (`cache/*`, `tmp*`)   | and no folder is entered in which all files fit     |
| that Python and C read apart      | nothing: its files are read, then left out          |

Patterns are shell patterns on the path below `path`, and `*` takes `/` too, in Python (`fnmatch`)
as in `find -path` (POSIX: a slash is no special character there).
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from drills import objects

LONGEST_COMMAND = 8000
"""Characters of file names in one command: they travel in a URL."""
_ALIKE = re.compile(r"(?:[^\\\[\]]|\[!?[^\[\]\\^!]+\])+")
"""Patterns that Python and C read alike."""
_SPECIAL = re.compile(r"[*?\[\]\\]")


def commands(question: Mapping[str, object], expect: Mapping[str, object]) -> Iterator[list[str]]:
    """Yield what to run: one look at the whole tree, or at the named files only."""
    path, patterns = objects.text(question, "path"), exclusions(question)
    if not objects.mapping(expect, "files") or expect.get("complete") or "tree" in expect:
        yield _of_tree(path, patterns)
        return
    batch: list[str] = []
    for name in objects.mapping(expect, "files"):
        place = posixpath.join(path, name)
        if left_out(relative(place, path), patterns):
            continue
        batch.append(place)
        if sum(map(len, batch)) > LONGEST_COMMAND:
            yield ["sha256sum", *batch]
            batch = []
    if batch:
        yield ["sha256sum", *batch]


def exclusions(question: Mapping[str, object]) -> tuple[str, ...]:
    """Return the question's patterns."""
    return tuple(str(pattern) for pattern in objects.items(question, "exclude"))


def left_out(name: str, patterns: Sequence[str]) -> bool:
    """Return whether the file, named as seen from `path`, is left out."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def relative(name: str, path: str) -> str:
    """Return the name as seen from `path`; of a file that is `path` itself, its own name."""
    if name == path:
        return posixpath.basename(name)
    return posixpath.normpath(name.removeprefix(path.rstrip("/") + "/"))


def _of_tree(path: str, patterns: Sequence[str]) -> list[str]:
    alike = [pattern for pattern in patterns if _ALIKE.fullmatch(pattern)]
    base = _SPECIAL.sub(lambda found: f"\\{found[0]}", path.rstrip("/")) + "/"
    folders = [folder for pattern in alike for folder in _folders(pattern)]
    command = ["find", "-H", path]
    if folders:
        named = [word for folder in folders for word in ("-o", "-path", base + folder)][1:]
        command += ["-type", "d", "(", *named, ")", "-prune", "-o"]
    command += ["-type", "f"]
    for pattern in alike:
        command += ["!", "-path", base + pattern]
    return [*command, "-exec", "sha256sum", "{}", "+"]


def _folders(pattern: str) -> Iterator[str]:
    """Yield patterns of folders of which every file is left out."""
    if pattern.endswith("*"):
        yield pattern
    if pattern.endswith("/*") and len(pattern) > len("/*"):
        yield pattern.removesuffix("/*")
