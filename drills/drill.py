"""The drill: the only place that knows the order of the stages. Read this first.

In: a Scenario and the ports. Out: a DrillRecord, whatever happens. Cleanup runs last and always.
"""

from drills import acts
from drills.notes import Halt
from drills.record import DrillRecord
from drills.recording import make_record
from drills.state import Drill, DrillPorts, begin
from drills.tidying import clean_up
from scenarios.model import Scenario


def run_drill(scenario: Scenario, ports: DrillPorts, *, drill_id: str, seed: int) -> DrillRecord:
    """Run one drill and return its record.

    Raises Misconfigured while nothing was touched; everything later is in the record.
    """
    drill = begin(scenario, ports, drill_id, seed)
    try:
        _prove(drill)
    except Halt:
        pass
    finally:
        if drill.stability is not None:
            drill.stability.close()
        ports.shield()
        cleanup = clean_up(drill)
    record = make_record(
        scenario,
        drill_id,
        drill.notes,
        embedded=ports.cluster.embedded,
        cleanup=cleanup,
        ended_at=ports.clock.now(),
        audit=tuple(drill.trail.entries),
    )
    return drill.veil.record(record)


def _prove(drill: Drill) -> None:
    acts.act_select(drill)
    acts.act_verify(drill)
    acts.act_isolate(drill)
    acts.act_restore(drill)
    acts.act_settle(drill)
    acts.act_probe(drill)
    drill.notes.finished = True
