"""The scheduler over its persistent store."""

import pickle
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.schedule import Schedule
from scenarios import parse_scenario
from scenarios.model import Scenario

TEXT = """
apiVersion: drills/v1
kind: RestoreDrill
metadata: {{name: {name}}}
spec:
  schedule: {{cron: "{cron}", timeZone: UTC}}
  cluster: {{embedded: true}}
  backup: {{engine: velero, schedule: production-daily}}
  restore: {{namespaces: {{production: backup-test}}}}
"""


def scenario(name: str, cron: str = "0 6 * * 1") -> Scenario:
    return parse_scenario(TEXT.format(name=name, cron=cron).encode(), source=name, environ={})


def set_back(database: Path, name: str, moment: datetime) -> None:
    """Make the stored job due at `moment`, as if the service had been down since."""
    with sqlite3.connect(database) as connection:
        row = connection.execute("SELECT job_state FROM apscheduler_jobs WHERE id = ?", (name,))
        state = pickle.loads(row.fetchone()[0])  # noqa: S301 - our own store
        state["next_run_time"] = moment
        connection.execute(
            "UPDATE apscheduler_jobs SET next_run_time = ?, job_state = ? WHERE id = ?",
            (moment.timestamp(), pickle.dumps(state), name),
        )
    connection.close()


def test_next_times_follow_the_scenarios(tmp_path: Path) -> None:
    """Each scenario is planned; one that is no longer given is dropped from the store."""
    database = tmp_path / "schedule.sqlite"
    first = Schedule(database, lambda _: None, parallel=1)
    first.start([scenario("one"), scenario("two")])
    assert set(first.next_times()) == {"one", "two"}
    first.stop()
    second = Schedule(database, lambda _: None, parallel=1)
    second.start([scenario("two", cron="30 7 * * 2")])
    upcoming = second.next_times()["two"]
    second.stop()
    assert upcoming is not None
    assert (upcoming.weekday(), upcoming.hour, upcoming.minute) == (1, 7, 30)


def test_missed_runs_are_made_up_for_once(tmp_path: Path) -> None:
    """Three missed hours give one run, soon after the start."""
    database = tmp_path / "schedule.sqlite"
    ran = threading.Semaphore(0)
    names: list[str] = []

    def run(name: str) -> None:
        names.append(name)
        ran.release()

    hourly = scenario("hourly", cron="0 * * * *")
    first = Schedule(database, run, parallel=1)
    first.start([hourly])
    first.stop()
    set_back(database, "hourly", datetime.now(UTC) - timedelta(hours=3))
    second = Schedule(database, run, parallel=1)
    second.start([hourly])
    assert ran.acquire(timeout=20)
    second.stop()
    assert names == ["hourly"]


def test_too_late_is_not_made_up_for(tmp_path: Path) -> None:
    """What was due longer ago than the grace time waits for its next turn."""
    database = tmp_path / "schedule.sqlite"
    names: list[str] = []
    weekly = scenario("weekly")
    first = Schedule(database, names.append, parallel=1)
    first.start([weekly])
    first.stop()
    set_back(database, "weekly", datetime.now(UTC) - timedelta(hours=30))
    second = Schedule(database, names.append, parallel=1, grace_seconds=60)
    second.start([weekly])
    second.stop()
    assert names == []
