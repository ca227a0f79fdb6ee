"""The `checksum` probe: did the files in a volume come back byte for byte?

Runs `sha256sum`, and `find` for a whole tree, in a ready pod of the workload: both are in busybox
and coreutils alike, and no shell is put around them. Expected is a digest by file (`files`), all of
them where `complete`, or one digest of the whole tree (`tree`): the SHA-256 of the lines that
`sha256sum` prints for its files, relative to `path` and sorted by name. What `exclude` names is
not read: a file that nobody may read, or that changes all the time, is no trouble.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch, check
from drills.findings import Cause
from drills.ports import ExecAnswer
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.digesting import commands, exclusions, left_out, relative
from drills.probes.files import read_file
from drills.probes.workloads import Target, asked_pod
from scenarios.model import ProbeSpec

MOST_NAMED = 5
"""Names that one message lists."""
LONGEST_NAME = 100
LONGEST_LISTING = 4 * 1024 * 1024
"""At this size the adapter stops listening, so that the rest of a listing is unknown."""
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_ABSENT = "No such file or directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    digests: Mapping[str, str]
    """By path relative to the question's."""
    simulated: bool
    absent: bool
    """Whether there is nothing at all at the question's path."""


class ChecksumProbe:
    """Keeps `Probe`."""

    kind = "checksum"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Take the digests once; raises CannotAsk, Unreachable, Forbidden."""
        question, namespace = spec.question, context.sandbox(spec.question)
        target = asked_pod(context.cluster, namespace, question)
        if isinstance(target, Mismatch):
            return Answer(observed={"pod": target.observed}, mismatches=(target,))
        until = context.clock.monotonic() + timeout
        said = [
            context.cluster.exec(
                namespace,
                target.pod,
                target.container,
                command,
                timeout=max(0.1, until - context.clock.monotonic()),
            )
            for command in commands(question, spec.expect)
        ]
        return _judged(spec, _read(question, said, target))

    def recorded(
        self, spec: ProbeSpec, context: ProbeContext, timeout: float
    ) -> Mapping[str, object] | Mismatch:
        """Return the digests that a file beside the data lists, as `sha256sum` writes it."""
        path = objects.text(spec.question, "path")
        place = posixpath.join(path, objects.text(spec.expect, "recordedBy", "file"))
        namespace = context.sandbox(spec.question)
        found = read_file(context.cluster, namespace, spec.question, place, timeout)
        if isinstance(found, Mismatch):
            return found
        listed = dict(_listed(found.text, path))
        if not listed:
            return Mismatch(f"digests in {place}", "none")
        return {"files": listed}


def _judged(spec: ProbeSpec, found: _Found) -> Answer:
    expect, digests, path = spec.expect, found.digests, objects.text(spec.question, "path")
    patterns = exclusions(spec.question)
    named = {
        relative(posixpath.join(path, name), path): str(digest)
        for name, digest in objects.mapping(expect, "files").items()
    }
    wanted = {name: digest for name, digest in named.items() if not left_out(name, patterns)}
    if found.absent and expect.get("count") != 0:
        gone = Mismatch(f"files in {path}", "no such file or folder")
        return Answer(observed={"path": gone.observed}, mismatches=(gone,))
    observed: dict[str, object] = {"count": len(digests)}
    if "tree" in expect:
        observed["tree"] = tree_digest(digests)
    return Answer(
        observed=observed,
        mismatches=kept(_compare(expect, wanted, digests)),
        values={"count": len(digests), "tree": tree_digest(digests), "files": digests},
        simulated=found.simulated,
    )


def tree_digest(digests: Mapping[str, str]) -> str:
    """Return the digest of a tree: that of the digests of its files, sorted by name.

    Inside the folder this prints the same:
    `find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum`
    """
    lines = sorted((f"  ./{path}", digest) for path, digest in digests.items())
    text = "".join(f"{digest}{path}\n" for path, digest in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _compare(
    expect: Mapping[str, object], wanted: Mapping[str, str], digests: Mapping[str, str]
) -> Iterator[Mismatch | None]:
    differ = [path for path, digest in wanted.items() if digests.get(path, digest) != digest]
    missing = [path for path in wanted if path not in digests]
    new = [path for path in digests if path not in wanted] if expect.get("complete") else []
    for word, paths in (("differ", differ), ("are missing", missing), ("are new", new)):
        if paths:
            yield Mismatch(f"no files that {word}", f"{len(paths)} that {word}: {_named(paths)}")
    if "tree" in expect:
        yield about("tree", check(expect["tree"], tree_digest(digests)))
    counted = expect.get("count", None if wanted else {"min": 1})
    if counted is not None:
        yield about("count", check(counted, len(digests)))


def _named(paths: Sequence[str]) -> str:
    shown = ", ".join(path[:LONGEST_NAME] for path in sorted(paths)[:MOST_NAMED])
    return f"{shown}, …" if len(paths) > MOST_NAMED else shown


def _read(question: Mapping[str, object], said: Sequence[ExecAnswer], target: Target) -> _Found:
    path = objects.text(question, "path")
    patterns = exclusions(question)
    digests: dict[str, str] = {}
    for answer in said:
        _check_run(answer, target)
        for line in filter(None, answer.stdout.split("\n")):
            name, digest = _entry(line)
            short = relative(name, path)
            if not left_out(short, patterns):
                digests[short] = digest
    return _Found(
        digests=digests,
        simulated=any(answer.simulated for answer in said),
        absent=any(_says_absent(answer, path) for answer in said),
    )


def _listed(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield name and digest of each line; names are as seen from `path`, or absolute."""
    for line in filter(None, text.split("\n")):
        name, digest = _entry(line)
        yield relative(posixpath.join(path, name), path), digest


def _entry(line: str) -> tuple[str, str]:
    matched = _LINE.fullmatch(line)
    if matched is None:
        raise CannotAsk(
            f"sha256sum printed a line that is no digest with a name: {line[:100]!r}",
            hint="leave files with line breaks or backslashes in their names out of `path`",
        )
    return matched[2], matched[1]


def _says_absent(answer: ExecAnswer, path: str) -> bool:
    """Return whether `find` says that its starting point is not there."""
    spots = (f"{path}: ", f"'{path}': ", f"\u2018{path}\u2019: ")
    return any(
        line.startswith("find: ") and any(f"{spot}{_ABSENT}" in line for spot in spots)
        for line in answer.stderr.splitlines()
    )


def _check_run(answer: ExecAnswer, target: Target) -> None:
    """Raise CannotAsk unless all there is was read: absent files are an answer, no others."""
    if len(answer.stdout.encode()) >= LONGEST_LISTING:
        raise CannotAsk(
            f"the listing of the files in pod {target.pod} is longer than {LONGEST_LISTING} bytes",
            hint="check a folder further down, or name the files",
            cause=Cause.CONFIGURATION,
        )
    if answer.exit_code == 0:
        return
    complaints = [line for line in answer.stderr.splitlines() if line.strip()]
    if complaints and all(_ABSENT in line for line in complaints) and answer.exit_code == 1:
        return
    words = "; ".join(complaints)[:300] or f"exit code {answer.exit_code}"
    raise CannotAsk(
        f"the files in pod {target.pod} could not all be read: {words}",
        hint="the container needs find and sha256sum, and the right to read the files; "
        "name another container, or ask with a job probe",
    )


PROBE = ChecksumProbe()
