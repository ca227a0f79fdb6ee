"""Scenarios: declarative YAML to an immutable Scenario, or to every problem with its place.

In: a file's path or bytes, and the environment as a mapping. Out: a Scenario, or a ScenarioError
whose problems name file, line and column. This room knows of no cluster and of no drill.

Names are looked up on first use, so that importing the package costs next to nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.durations import format_duration, parse_duration
    from scenarios.loading import load_scenario, load_scenarios, parse_scenario
    from scenarios.model import (
        BackupQuery,
        CleanupPolicy,
        ClusterRef,
        IsolationSpec,
        NetworkIsolation,
        ObjectivesSpec,
        Pick,
        PickMode,
        ProberSpec,
        ProbeSpec,
        ProofLevel,
        RestoreSpec,
        RetentionSpec,
        Scenario,
        ScheduleSpec,
    )
    from scenarios.packs_page import render_packs
    from scenarios.problems import Problem, ScenarioError
    from scenarios.reference import render_reference
    from scenarios.remarks import scenario_remarks

__all__ = [
    "BackupQuery",
    "CleanupPolicy",
    "ClusterRef",
    "IsolationSpec",
    "NetworkIsolation",
    "ObjectivesSpec",
    "Pick",
    "PickMode",
    "ProbeSpec",
    "ProberSpec",
    "Problem",
    "ProofLevel",
    "RestoreSpec",
    "RetentionSpec",
    "Scenario",
    "ScenarioError",
    "ScheduleSpec",
    "format_duration",
    "load_scenario",
    "load_scenarios",
    "parse_duration",
    "parse_scenario",
    "render_packs",
    "render_reference",
    "scenario_remarks",
]

_HOMES = {
    "Problem": "problems",
    "ScenarioError": "problems",
    "format_duration": "durations",
    "load_scenario": "loading",
    "load_scenarios": "loading",
    "parse_duration": "durations",
    "parse_scenario": "loading",
    "render_packs": "packs_page",
    "render_reference": "reference",
    "scenario_remarks": "remarks",
}


def __getattr__(name: str) -> object:
    """Return the public name from the module it lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  here and nowhere else

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'model')}"), name)
