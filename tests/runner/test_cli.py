"""The command line as somebody meets it: help, mistakes, exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command explains itself and shows how it is called."""
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"python -m runner {command}" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "neither a command nor a scenario file"),
        (["valdate", "x.yaml"], "Did you mean 'validate'?"),
        (["absent.yaml"], "cannot be read"),
        (["run"], "Missing argument"),
        (["run", "--store", "x", "scenarios/lab.yaml"], "--embedded"),
        (["run", "--sandbox-role", "x", "scenarios/lab.yaml"], "--service-account"),
        (["serve", "scenarios/config-only.yaml", "--listen", "here"], "HOST:PORT"),
        (["report", "show", "absent"], "not a readable report"),
        (["plan", "absent.yaml"], "cannot be read"),
    ],
)
def test_mistakes_touch_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong command line ends with exit code 2 and says what is wrong."""
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_no_kubeconfig(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a cluster the remedy names the embedded one, and no report is written."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    scenario = str(ROOT / "scenarios" / "production-weekly.yaml")
    assert main(["run", scenario, "--report-dir", str(tmp_path)]) == 2
    assert "--embedded" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_validate_names_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All problems of all files, each with its place."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("apiVersion: drills/v2\n")
    two.write_text("kind: [")
    assert main(["validate", str(one), str(two)]) == 2
    shown = capsys.readouterr().err
    assert f"{one}:1:" in shown
    assert f"{two}:2:1" in shown


def test_two_scenarios_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Namesakes would overwrite each other's schedule and history."""
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path in paths:
        path.write_text(text)
    assert main(["validate", *map(str, paths)]) == 2
    assert "give each scenario its own" in capsys.readouterr().err


def test_help_imports_nothing_heavy() -> None:
    """`--help` answers without the libraries that only commands need."""
    code = (
        "import sys; from runner.cli import main; main(['--help']); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    heavy = {"kubernetes", "boto3", "moto", "rich", "structlog", "jinja2", "yaml", "apscheduler"}
    assert not loaded & heavy
    assert "Exit codes" in done.stdout


def test_module_runs_the_drill_command() -> None:
    """`python -m runner SCENARIO` means `run`."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", "absent.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "absent.yaml" in done.stderr


def scenario_with(expect: str, tmp_path: Path) -> str:
    """Return a scenario whose one probe expects that."""
    file = tmp_path / "versions.yaml"
    file.write_text(
        "apiVersion: drills/v1\nkind: RestoreDrill\nmetadata: {name: versions}\nspec:\n"
        "  cluster: {context: lab}\n  backup: {engine: velero, schedule: nightly}\n"
        "  restore: {namespaces: {shop: shop-drill}}\n  probes:\n"
        "    - name: version\n      exec: {workload: deployment/app, command: [app, --version]}\n"
        f"      expect: {expect}\n"
    )
    return str(file)


@pytest.mark.parametrize(
    ("expect", "written"),
    [
        ("{stdout: 1.2}", "1.2"),
        ("{stdout: {oneOf: [2.10, '2.11']}}", "2.10"),
        ("{stderr: {not: 3.0}}", "3.0"),
        ("{value: 1.20}", "1.20"),
    ],
)
def test_validate_warns_of_a_number_where_a_version_may_be_meant(
    expect: str, written: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = scenario_with(expect, tmp_path)
    assert main(["validate", scenario]) == 0
    shown = capsys.readouterr().err
    assert f"warning  {scenario}:11:" in shown
    assert f'"{written}"' in shown


@pytest.mark.parametrize(
    "expect", ["{stdout: '1.2'}", "{value: 1.5}", "{stdout: 12}", "{stdout: {min: 1.5, max: 2.50}}"]
)
def test_validate_keeps_quiet_where_a_number_or_a_text_is_plain(
    expect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", scenario_with(expect, tmp_path)]) == 0
    assert "warning" not in capsys.readouterr().err
