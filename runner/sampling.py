"""Runs `record`: asks the live sources of scenarios and keeps what they answer.

In: scenarios and settings. Out: an exit code, a line for each probe, samples in the records file.
Nothing is made or changed in any cluster.
"""

from collections.abc import Sequence

import click

from drills.adapters.clock import SystemClock
from drills.adapters.sample_file import SampleFile
from drills.errors import DrillError, Interrupted, Misconfigured
from drills.ports import Cluster
from drills.probes import ProbeContext
from drills.samples import Sample, Samples
from drills.sampling import take_sample, to_record
from runner.clusters import Clusters
from runner.exit_codes import ExitCode, worst
from runner.settings import RunSettings
from runner.stopping import StopSignal, signals
from scenarios.hiding import Veil, veil_of
from scenarios.model import ProbeSpec, Scenario


def record_all(scenarios: Sequence[Scenario], settings: RunSettings) -> ExitCode:
    """Record for every scenario; return the worst exit code."""
    idle = [scenario.source for scenario in scenarios if not to_record(scenario)]
    if idle:
        raise click.UsageError(
            f"{', '.join(idle)}: no probe says `recorded`, so there is nothing to record"
        )
    signal = StopSignal()
    samples = SampleFile(settings.records_file)
    with (
        signals(signal, lambda name, _: click.echo(f"{name}: stopping", err=True)),
        Clusters(settings) as clusters,
        signal.view() as stop,
    ):
        clock = SystemClock(stop.event)
        codes = [_record(scenario, clusters, clock, samples) for scenario in scenarios]
    return worst(codes)


def _record(
    scenario: Scenario, clusters: Clusters, clock: SystemClock, samples: Samples
) -> ExitCode:
    try:
        cluster = clusters.connect(clusters.source(scenario), clock)
    except Misconfigured as error:
        click.echo(_veil(scenario).hide(f"{scenario.source}: {error}\n  {error.hint}"), err=True)
        return ExitCode.MISUSED
    context = _context(scenario, cluster, clock)
    return worst([_one(scenario, probe, context, samples) for probe in to_record(scenario)])


def _one(scenario: Scenario, probe: ProbeSpec, context: ProbeContext, samples: Samples) -> ExitCode:
    try:
        sample = take_sample(scenario, probe, context)
        samples.keep(sample)
    except Interrupted as error:
        raise click.Abort from error
    except DrillError as error:
        hint = f"\n  {error.hint}" if error.hint else ""
        words = _veil(scenario).hide(f"{error}{hint}")
        click.echo(f"not recorded  {scenario.name}  {probe.name}: {words}", err=True)
        misused = isinstance(error, Misconfigured)
        return ExitCode.MISUSED if misused else ExitCode.INCONCLUSIVE
    click.echo(f"recorded  {scenario.name}  {probe.name}: {_words(sample)}")
    return ExitCode.OK


def _veil(scenario: Scenario) -> Veil:
    return veil_of(scenario.confidential.secrets)


def _words(sample: Sample) -> str:
    values = (
        f"{len(value)} {word}" if isinstance(value, dict) else f"{word} {value}"
        for word, value in sample.values.items()
    )
    simulated = "  (simulated)" if sample.simulated else ""
    line = f"{', '.join(values)}  in {sample.seconds:.1f}s{simulated}"
    # Ids come from the data, so no terminal may obey them.
    return "".join(c if c.isprintable() else "?" for c in line)


def _context(scenario: Scenario, cluster: Cluster, clock: SystemClock) -> ProbeContext:
    """Return a context whose namespaces are the source's own, and in which nothing can be made."""
    now = clock.now()
    return ProbeContext(
        cluster=cluster,
        clock=clock,
        namespaces={source: source for source in scenario.restore.namespaces},
        reference=now,
        restore_started_at=now,
        requested=clock.monotonic(),
        scenario=scenario.name,
    )
