"""The checksum probe, with the real `find` and `sha256sum` in place of a container's."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from drills.errors import CannotAsk
from drills.findings import Cause
from drills.ports import ExecAnswer
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import context, pod, saying, spec, thing

LEDGER = thing(
    "apps/v1", "StatefulSet", "ledger", spec={"selector": {"matchLabels": {"app": "ledger"}}}
)
FILES = {"a.db": b"one", "sub dir/$(b) `c`": b"two", "log/x.log": b"three", "-n": b"four"}
DIGESTS = {name: hashlib.sha256(body).hexdigest() for name, body in FILES.items()}
TREE = (
    "find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum",
    "find . -type f ! -name '*.log' -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum",
)
Run = Callable[..., ExecAnswer]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small tree, with names that a shell would trip over."""
    for name, body in FILES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return tmp_path / "data"


@pytest.fixture(params=["coreutils", "busybox"])
def tools(request: pytest.FixtureRequest) -> Run:
    """Runs commands on this machine, with its own tools and with those of busybox."""
    busybox = shutil.which("busybox")
    if request.param == "busybox" and busybox is None:
        pytest.skip("busybox is not installed (apt-get install busybox)")
    prefix = [str(busybox)] if request.param == "busybox" else []

    def run(
        namespace: str, name: str, container: str, command: Sequence[str], *, timeout: float
    ) -> ExecAnswer:
        done = subprocess.run(
            [*prefix, *command], capture_output=True, text=True, timeout=timeout, check=False
        )
        return ExecAnswer(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    return run


def ask(run: Run, path: object, expect: Mapping[str, object], **question: object) -> Answer:
    """Ask in a ready pod of the ledger."""
    place = FakeCluster(None, LEDGER, pod("ledger-0", app="ledger", owner="StatefulSet/ledger"))
    place.on_exec = run
    asked = {"workload": "statefulset/ledger", "path": str(path), **question}
    return find_probe("checksum").ask(spec("checksum", asked, expect), context(place), 20)


def words(answer: Answer) -> str:
    """Return all that is wrong in one line."""
    return "; ".join(str(mismatch) for mismatch in answer.mismatches or ())


def shell(line: str, folder: Path) -> str:
    """Return the digest that a user's own shell prints."""
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout.split()[0]


def test_recorded_digests_fit(tools: Run, data: Path) -> None:
    assert ask(tools, data, {"files": DIGESTS}).mismatches == ()
    assert ask(tools, data, {"files": DIGESTS, "complete": True, "count": 4}).mismatches == ()


def test_the_tree_is_what_a_shell_makes_of_it(tools: Run, data: Path) -> None:
    assert ask(tools, data, {"tree": shell(TREE[0], data)}).mismatches == ()
    without = ask(tools, data, {"tree": shell(TREE[1], data)}, exclude=["*.log"])
    assert without.mismatches == ()
    (data / "a.db").write_bytes(b"One")
    assert "tree" in words(ask(tools, data, {"tree": shell(TREE[0], data)[::-1]}))


def test_says_which_files_differ_are_missing_and_are_new(tools: Run, data: Path) -> None:
    (data / "a.db").write_bytes(b"other")
    (data / "-n").unlink()
    (data / "extra").write_bytes(b"")
    some = words(ask(tools, data, {"files": DIGESTS}))
    assert "1 that differ: a.db" in some
    assert "1 that are missing: -n" in some
    assert "new" not in some
    assert "1 that are new: extra" in words(ask(tools, data, {"files": DIGESTS, "complete": True}))


def test_a_folder_that_did_not_come_back_fails(tools: Run, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert "missing" in words(ask(tools, gone, {"files": {"a": "0" * 64}}))
    for expect in (
        {"files": {"a": "0" * 64}, "complete": True},
        {"tree": "0" * 64},
        {"count": {"min": 0}},
        {"count": {"max": 5}},
    ):
        assert words(ask(tools, gone, expect)) == (
            f"expected files in {gone}, found no such file or folder"
        )
    assert ask(tools, gone, {"count": 0}).mismatches == ()


def test_an_empty_folder_never_passes_by_itself(tools: Run, tmp_path: Path) -> None:
    """Its tree has a digest, that of nothing, which somebody may have recorded."""
    empty = hashlib.sha256(b"").hexdigest()
    assert "count at least 1" in words(ask(tools, tmp_path, {"tree": empty}))


def test_one_file_and_a_folder_behind_a_link(tools: Run, data: Path, tmp_path: Path) -> None:
    single = {"files": {"a.db": DIGESTS["a.db"]}, "complete": True}
    assert ask(tools, data / "a.db", single).mismatches == ()
    (tmp_path / "link").symlink_to(data)
    assert ask(tools, tmp_path / "link", {"files": DIGESTS, "complete": True}).mismatches == ()


def test_absolute_names_are_taken_as_they_are(tools: Run, data: Path) -> None:
    files = {str(data / name): digest for name, digest in DIGESTS.items()}
    assert ask(tools, data, {"files": files}).mismatches == ()
    assert ask(tools, data, {"files": files, "complete": True}).mismatches == ()


def test_many_names_are_asked_in_parts() -> None:
    asked: list[int] = []

    def run(*_: object, timeout: float, **__: object) -> ExecAnswer:
        command = _[3]
        assert isinstance(command, list)
        asked.append(sum(map(len, command)))
        lines = [f"{'a' * 64}  {name}\n" for name in command[1:]]
        return ExecAnswer(exit_code=0, stdout="".join(lines), stderr="")

    files = {f"folder/{'x' * 80}-{number}": "a" * 64 for number in range(500)}
    assert ask(run, "/data", {"files": files}).mismatches == ()
    assert len(asked) > 4
    assert max(asked) < 9000


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (saying("", 127, "sh: sha256sum: not found"), "could not all be read"),
        (saying("", 126), "could not all be read: exit code 126"),
        (saying("", 1, "find: /data/x: Permission denied"), "Permission denied"),
        (saying("Segmentation fault\n"), "no digest"),
        (saying(f"\\{'a' * 64}  a\\nb\n"), "no digest"),
        (saying(f"{'a' * 64}  {'b' * 1000}\n" * 4000), "longer than"),
    ],
)
def test_what_could_not_be_read_is_not_blamed_on_the_backup(said: Run, match: str) -> None:
    with pytest.raises(CannotAsk, match=match) as caught:
        ask(said, "/data", {"tree": "0" * 64})
    assert caught.value.cause is not Cause.BACKUP


def test_without_a_ready_pod_it_fails() -> None:
    place = FakeCluster(None, LEDGER)
    question = {"workload": "statefulset/ledger", "path": "/data"}
    answer = find_probe("checksum").ask(spec("checksum", question, {"count": 1}), context(place), 5)
    assert "none ready" in words(answer)


PATTERNS: list[tuple[list[str], set[str]]] = [
    (["*.log"], {"a.db", "sub dir/$(b) `c`", "-n"}),
    (["log/*"], {"a.db", "sub dir/$(b) `c`", "-n"}),
    (["log*", "a.??"], {"sub dir/$(b) `c`", "-n"}),
    (["sub dir/*", "[!a]"], {"a.db", "log/x.log", "-n"}),
    (["[ax].db", "-[n]"], {"sub dir/$(b) `c`", "log/x.log"}),
    (["[^b].db", "x\\*"], {"a.db", "sub dir/$(b) `c`", "log/x.log", "-n"}),
    (["log"], set(FILES)),
    (["*"], set()),
]


@pytest.mark.parametrize(("patterns", "left"), PATTERNS)
@pytest.mark.parametrize("end", ["", "/"])
def test_what_is_left_out_is_not_read(
    tools: Run, data: Path, patterns: list[str], left: set[str], end: str
) -> None:
    """The same files by find as by Python, and sha256sum is told of no others."""
    read: list[str] = []

    def run(*what: object, timeout: float) -> ExecAnswer:
        answer = tools(*what, timeout=timeout)
        read.extend(line[66:] for line in answer.stdout.splitlines())
        return answer

    expect = {"files": {name: DIGESTS[name] for name in left}, "complete": True, "count": len(left)}
    answer = ask(run, f"{data}{end}", expect, exclude=patterns)
    assert answer.mismatches == ()
    assert {Path(name) for name in read} == {data / name for name in left}


def test_a_name_with_the_signs_of_patterns_is_taken_as_it_is(tools: Run, tmp_path: Path) -> None:
    for folder in ("a[b]*", "ab", "abx"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.log").write_bytes(b"")
        (tmp_path / folder / "y").write_bytes(b"")
    assert ask(tools, tmp_path / "a[b]*", {"count": 1}, exclude=["*.log"]).mismatches == ()


def test_a_named_file_that_is_left_out_is_neither_read_nor_missed(tools: Run, data: Path) -> None:
    (data / "a.db").unlink()
    assert "missing: a.db" in words(ask(tools, data, {"files": DIGESTS}))
    assert ask(tools, data, {"files": DIGESTS}, exclude=["a.*"]).mismatches == ()


def test_what_nobody_may_read_is_no_trouble_where_it_is_left_out() -> None:
    """A folder lost+found is root's alone: find must not even enter it."""
    asked: list[list[str]] = []

    def run(*what: object, **_: object) -> ExecAnswer:
        command = what[3]
        assert isinstance(command, list)
        asked.append(command)
        return ExecAnswer(exit_code=0, stdout=f"{'a' * 64}  /data/x\n", stderr="")

    assert ask(run, "/data", {"count": 1}, exclude=["lost+found/*"]).mismatches == ()
    folders = ("-path", "/data/lost+found/*", "-o", "-path", "/data/lost+found")
    files = ("-type", "f", "!", "-path", "/data/lost+found/*")
    pruned = ("-type", "d", "(", *folders, ")", "-prune", "-o")
    assert asked == [["find", "-H", "/data", *pruned, *files, "-exec", "sha256sum", "{}", "+"]]
