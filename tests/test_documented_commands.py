"""Every command in README and docs runs, or is named below with the reason why a test cannot.

In: the documents as they are. A command that is neither run nor named fails, and so does one that
names an option, a file or a make target that is not there.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import scenarios
from runner.cli import COMMANDS, cli, main
from tests.embedded.buckets_made import copied_sample

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests" / "lab" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
SHELLS = frozenset({"sh", "shell", "bash", "console", ""})
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
RUNNER = re.compile(r"^(?:\.venv/bin/)?python -m runner(?= |$)")
SUBCOMMAND = re.compile(rf"^(?:{'|'.join(COMMANDS)}) (?:--|[A-Z]{{3}})")
PROGRAM = re.compile(r"^(?:\.venv/bin/)?python (?=\w+/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """One command and where it stands."""

    place: str
    text: str

    @property
    def words(self) -> list[str]:
        """Return what a shell makes of it, without what is written into a file."""
        return shlex.split(self.text.partition(" > ")[0], comments=True)


def documented() -> Iterator[Documented]:
    """Yield the commands of all documents, in fenced blocks and within sentences."""
    for path in DOCUMENTS:
        text, place = path.read_text(), str(path.relative_to(ROOT))
        for language, block in FENCE.findall(text):
            if language in SHELLS:
                yield from _of_block(place, block)
        for span in SPAN.findall(FENCE.sub("", text)):
            if _is_command(span):
                yield Documented(place=place, text=span)
    yield from _examples()


def _examples() -> Iterator[Documented]:
    for name in COMMANDS:
        with click.Context(cli, info_name="python -m runner") as context:
            command = cli.get_command(context, name)
        for line in (command.epilog or "").splitlines() if command else ():
            if RUNNER.match(line.strip()):
                yield Documented(place=f"{name} --help", text=line.strip())


def _of_block(place: str, block: str) -> Iterator[Documented]:
    for line in block.replace("\\\n", " ").splitlines():
        text = re.sub(r"\s+#.*", "", line).strip().removeprefix("$ ")
        if text and not text.startswith("#"):
            yield Documented(place=place, text=text)


def _is_command(span: str) -> bool:
    starts = ("make ", "kubectl apply", "docker ")
    return bool(
        span.startswith(starts)
        or RUNNER.match(span)
        or PROGRAM.match(span)
        or SUBCOMMAND.match(span)
    )


ALL = tuple({one.text: one for one in documented()}.values())

NEEDS_A_CLUSTER = "needs a cluster of one's own with Velero"
NEEDS_THE_LAB = "needs the real control plane that tests/lab builds"
CHANGES_THE_CLONE = "installs, formats or rewrites files of this clone"
TAKES_LONG = "takes longer than all tests together; its parts are tested"
ENDLESS = "runs until it is stopped; tests/runner/test_serve.py"
PLACEHOLDERS = "names a place that only a reader has; its options are checked"
NOT_RUN: tuple[tuple[str, str], ...] = (
    (r"make lab|python tests/lab/lab\.py|tests/lab/build/|export |pytest -m", NEEDS_THE_LAB),
    (r"kubectl ", NEEDS_A_CLUSTER),
    (r"make (setup|golden|fix|lock|clean|image)|docker ", CHANGES_THE_CLONE),
    (r"make (check|test|bench|imports|lint|types)|.*python benchmarks/", TAKES_LONG),
    (r"(.*runner )?serve ", ENDLESS),
    (r".*(S3_URL|s3://|DIR|URL|PUBLIC|KEY)", PLACEHOLDERS),
    (r"(.*runner )?record ", "reads a live source; tests/e2e/test_recorded.py"),
    (r"(.*runner )?(clean|evidence)( |$)", "needs what earlier drills left; tests/runner"),
    (r".*(production-weekly|nightly|recorded-counts)\.yaml", NEEDS_A_CLUSTER),
    (r"make corpus", NEEDS_THE_LAB),
    (
        r"(plan|verify) --[a-z-]+$|run --embedded --store$|python -m runner$",
        "is a part of a command; its option is checked",
    ),
    (r".*(drill-reports/ID|old/report\.json|2026-q4\.zip)", PLACEHOLDERS),
)
"""What a test does not run, as the first of these says; the parts that it names are checked."""


EXAMPLES = (
    "run scenarios/quickstart.yaml",
    "run --embedded --store ./bucket-copy scenario.yaml",
    "plan --embedded --store ./bucket-copy --manifests scenario.yaml",
    "verify --embedded --store ./bucket-copy scenario.yaml",
    "verify --bucket ./bucket-copy --schedule production-daily",
    "report list",
)
"""Of those in `--help`."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder like the one a reader works in: scenarios, a copied bucket, his scenario."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for copy in ("copy-of-your-bucket", "bucket-copy"):
        (tmp_path / copy).mkdir()
        copied_sample(tmp_path / copy)
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    for old, new in (("26h", "876000h"), ("24h", "876000h")):
        text = text.replace(old, new)
    (tmp_path / "scenario.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run_by_hand(folder: Path) -> dict[str, list[str]]:
    """Return the commands that are run here, with the reader's words in place of `SCENARIO`."""
    quickstart = "scenarios/quickstart.yaml"
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(
        r"^quickstart:.*\n\t\$\(BIN\)/python -m runner (.*)$", makefile, re.MULTILINE
    )
    assert recipe is not None
    reader = "run --embedded --store ./copy-of-your-bucket scenario.yaml"
    return {
        "make quickstart": shlex.split(recipe[1]),
        f".venv/bin/python -m runner {reader}": shlex.split(reader),
        "python -m runner SCENARIO...": [quickstart],
        "python -m runner --help": ["--help"],
        "validate SCENARIO...": ["validate", quickstart],
        "plan SCENARIO": ["plan", quickstart],
        "verify SCENARIO": ["verify", quickstart],
        **{f"python -m runner {text}": shlex.split(text) for text in EXAMPLES},
        "python -m runner validate scenarios/*.yaml": [
            "validate",
            *(str(path) for path in sorted((folder / "scenarios").glob("*.yaml"))),
        ],
        "python -m runner schema scenario > scenario.schema.json": ["schema", "scenario"],
    }


@pytest.mark.timeout(400)
def test_what_needs_no_cluster_runs_as_documented(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one folder, one after the other, as a reader tries them."""
    texts = {one.text for one in ALL}
    for text, arguments in _run_by_hand(folder).items():
        assert text in texts, f"{text} is documented no more: take it out of this test"
        code = main(arguments)
        said = capsys.readouterr()
        assert code == 0, f"{text}: exit {code}\n{said.out[-2000:]}{said.err[-2000:]}"
    assert list((folder / "drill-reports").glob("*/report.json"))


def test_the_reference_is_rendered_by_its_own_command() -> None:
    (command,) = [one for one in ALL if "render_reference" in one.text]
    words = [sys.executable, *command.words[1:]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == scenarios.render_reference()
    assert done.stdout == (ROOT / command.text.partition(" > ")[2].strip()).read_text()


def test_keys_are_made_as_documented(tmp_path: Path) -> None:
    found = [one for one in ALL if one.words[0] == "openssl"]
    assert found
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    for one in found:
        subprocess.run(one.words, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "evidence-key.pub").read_text().startswith("-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.text)
def test_every_command_is_run_or_named_with_a_reason(one: Documented, tmp_path: Path) -> None:
    run = one.text in _run_by_hand(tmp_path) or "import scenarios; print(" in one.text
    if not run and one.words[0] != "openssl":
        why = next((reason for what, reason in NOT_RUN if re.match(what, one.text)), "")
        assert why, f"{one.place}: run `{one.text}` in this test, or say why it cannot be run"
    _check_parts(one)


def _check_parts(one: Documented) -> None:
    """See that the options, files and targets which the command names are there."""
    if RUNNER.match(one.text) or SUBCOMMAND.match(one.text):
        _check_options(shlex.split(RUNNER.sub("", one.text).partition(" > ")[0]))
    elif one.text.startswith("make"):
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(one.words[1:2]) <= set(targets)
    elif PROGRAM.match(one.text):
        program, *arguments = PROGRAM.sub("", one.text).split()
        _check_program(program, arguments)
    elif one.text.startswith("kubectl apply -k"):
        assert (ROOT / one.words[3] / "kustomization.yaml").is_file()


def _check_options(words: list[str]) -> None:
    name = words[0] if words and words[0] in COMMANDS else "run"
    if words == ["--help"] or not words:
        return
    rest = words[words[0] in COMMANDS :]
    with click.Context(cli) as context:
        command = cli.get_command(context, name)
        assert command is not None
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            found = command.get_command(context, rest[0])
            assert found is not None, f"{name} has no {rest[0]}"
            command, rest = found, rest[1:]
        parser = command.make_parser(click.Context(command))
        try:
            parser.parse_args(list(rest))
        except click.BadOptionUsage:
            # A sentence may name an option without its value.
            parser.parse_args([*rest, "value"])


def _check_program(program: str, arguments: list[str]) -> None:
    assert (ROOT / program).is_file()
    verb = [word for word in arguments[:1] if word.isalpha()]
    asked = [sys.executable, str(ROOT / program), *verb, "--help"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for option in (word for word in arguments if word.startswith("--")):
        assert option in done.stdout
