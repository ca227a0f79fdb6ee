"""What validation accepts, a drill can ask: no path and no pattern is refused only later."""

import json
import warnings

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from drills.expectations import check
from drills.jsonpath import find
from drills.probes.comparing import path
from scenarios import Scenario, ScenarioError, parse_scenario

PIECES = [".a", "[0]", "[*]", "['b']", ".*", "[?(@.b==1)]", "[?(@.a)]", r".x\.y", ".", "]", "[1:2]"]
PATHS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
PATTERNS = st.text(alphabet="ab.()|[]^$*+?{}1,\\dw", min_size=1, max_size=16)


def validated(where: str, pattern: str) -> Scenario | None:
    """Return a scenario that asks for both, or None where validation refuses it."""
    expect = {"jsonPath": {"path": where, "value": {"not": {"matches": pattern}}}}
    document = {
        "apiVersion": "drills/v1",
        "kind": "RestoreDrill",
        "metadata": {"name": "example"},
        "spec": {
            "cluster": {"context": "prod"},
            "backup": {"engine": "velero", "schedule": "daily"},
            "restore": {"namespaces": {"production": "backup-test"}},
            "probes": [
                {"name": "one", "http": {"service": "shop", "port": 80}, "expect": expect},
            ],
        },
    }
    try:
        return parse_scenario(json.dumps(document).encode(), source="", environ={})
    except ScenarioError:
        return None


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(PATHS)
@example(".a[?(@.b=='c')].d")
@example("['a','b']")
@example("..a")
@example("")
def test_paths(inside: str) -> None:
    scenario = validated(f"{{{inside}}}", "a")
    assume(scenario is not None)
    assert scenario is not None
    asked = scenario.probes[0].expect["jsonPath"]
    assert isinstance(asked, dict)
    assert find(path(asked["path"]), {"a": [{"b": 1}], "b": "c"}) is not None


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(PATTERNS | st.sampled_from(["^a+$", r"(\w+\.)+", "(a|b)+"]))
@example("(a+)+$")
@example("(a|aa)+$")
@example("(")
def test_patterns(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scenario = validated("{.a}", pattern)
        assume(scenario is not None)
        assert (
            check({"matches": pattern}, "aab") is None
            or check({"not": {"matches": pattern}}, "aab") is None
        )
