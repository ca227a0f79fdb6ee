"""Example files: those in `valid` load, those in `invalid` give exactly the expected problems.

To add a case, drop a file in. For an invalid one, put what it should say beside it.
"""

from pathlib import Path

import pytest

import scenarios
from scenarios import ProofLevel, Scenario, ScenarioError

EXAMPLES = Path(__file__).parent / "examples"
SHIPPED = Path(scenarios.__file__).parent
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))
VALID = sorted((EXAMPLES / "valid").glob("*.yaml"))

ENVIRONMENT = {
    "CONTEXT": "prod",
    "PREFIX": "production",
    "PORT": "8080",
    "RETRIES": "3",
    "PROOF": "true",
}
WRONG_ENVIRONMENT = {
    "HOME": "/root",
    "PORT": "secret-port",
    "RETRIES": "9999",
    "TOKEN": "s3cret\r\nX: y",
    "SANDBOX": "kube-system",
}


def problems(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenarios.parse_scenario(path.read_bytes(), source=path.name, environ=WRONG_ENVIRONMENT)
    return f"{caught.value}\n"


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid(path: Path) -> None:
    """A wrong file gives all its problems at once, with their places, and these words."""
    assert problems(path) == path.with_suffix(".expected.txt").read_text()


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid(path: Path) -> None:
    """A right file loads, however it is written."""
    loaded = scenarios.load_scenario(path, ENVIRONMENT)
    assert loaded.restore.namespaces["production"] == "backup-test"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped(path: Path) -> None:
    """Every scenario that is shipped loads with an empty environment, and helps an editor."""
    assert scenarios.load_scenario(path, {}).name
    schema = "# yaml-language-server: $schema=schema/scenario.schema.json\n"
    assert path.read_text().startswith(schema)


def test_shipped_names_are_unique() -> None:
    loaded = scenarios.load_scenarios(sorted(SHIPPED.glob("*.yaml")), {})
    assert len({scenario.name for scenario in loaded}) == len(loaded) >= 10


def test_quickstart_promises_what_the_embedded_cluster_can_show() -> None:
    quickstart = scenarios.load_scenario(SHIPPED / "quickstart.yaml", {})
    assert quickstart.cluster.embedded
    assert quickstart.prove is ProofLevel.OBJECTS


def test_secrets_stay_out_of_problems_and_of_repr() -> None:
    """What the environment supplied is named by its reference only."""
    said = "".join(problems(path) for path in INVALID)
    assert "s3cret" not in said
    assert "secret-port" not in said
    text = (EXAMPLES / "valid" / "smallest.yaml").read_text() + (
        "  probes:\n"
        "    - name: web\n"
        "      http: {service: shop, port: 80, headers: {Authorization: '${TOKEN}'}}\n"
    )
    loaded = scenarios.parse_scenario(text.encode(), source="", environ={"TOKEN": "s3cret"})
    assert loaded.probes[0].question["headers"] == {"Authorization": "s3cret"}
    assert "s3cret" not in repr(loaded)


def test_a_check_of_meaning_names_the_reference_too() -> None:
    text = (EXAMPLES / "valid" / "smallest.yaml").read_text()
    text += "  schedule: {cron: 0 6 * * 1, timeZone: '${ZONE}'}\n"
    with pytest.raises(ScenarioError) as caught:
        scenarios.parse_scenario(text.encode(), source="", environ={"ZONE": "s3cret"})
    assert "found '${ZONE}'" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_several_files_report_together(tmp_path: Path) -> None:
    """The problems of all files come in one error, those of unreadable files among them."""
    (tmp_path / "weekly.yaml").write_text("kind: x\n")
    with pytest.raises(ScenarioError) as caught:
        scenarios.load_scenarios(
            [tmp_path / "weekly.yaml", tmp_path / "weekley.yaml", tmp_path], {}
        )
    assert {problem.source for problem in caught.value.problems} == {
        str(tmp_path / "weekly.yaml"),
        str(tmp_path / "weekley.yaml"),
        str(tmp_path),
    }
    assert "did you mean 'weekly.yaml'?" in str(caught.value)


def test_a_scenario_is_immutable() -> None:
    loaded: Scenario = scenarios.load_scenario(EXAMPLES / "valid" / "every-field.yaml", {})
    with pytest.raises(AttributeError):
        loaded.name = "other"  # type: ignore[misc]
    for mapping in (loaded.restore.namespaces, loaded.probes[0].question, loaded.backup.options):
        with pytest.raises(TypeError, match="cannot be changed"):
            mapping["x"] = "y"  # type: ignore[index]
    with pytest.raises(TypeError, match="cannot be changed"):
        loaded.backup.labels.clear()  # type: ignore[attr-defined]
