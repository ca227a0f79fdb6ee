"""The scheduler: fires scenarios at their time, each once at a time, at most N side by side.

Jobs are kept in SQLite, so a run that was due while the service was down is made up for once
(coalesced) if it is not older than the grace time.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from runner.cron_trigger import CronLine
from scenarios.model import Scenario

log = structlog.get_logger()
GRACE_SECONDS = 6 * 3600

_fire_here: dict[str, Callable[[str], None]] = {}
"""Where a stored job finds the running service: a job store can keep only importable functions."""


def fire(service: str, scenario: str) -> None:
    """Run one scenario in the service that is running now; the stored job calls this."""
    runner = _fire_here.get(service)
    if runner is None:
        log.warning("a job fired without its service", scenario=scenario)
        return
    runner(scenario)


class Schedule:
    """The scenarios' schedules over a persistent store."""

    def __init__(
        self,
        database: Path,
        run: Callable[[str], None],
        *,
        parallel: int,
        grace_seconds: int = GRACE_SECONDS,
    ) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        self._service = str(database.resolve())
        self._run = run
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._scheduler = BackgroundScheduler(
            jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{self._service}")},
            executors={"default": ThreadPoolExecutor(parallel)},
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": grace_seconds,
            },
            timezone="UTC",
        )

    def start(self, scenarios: Sequence[Scenario]) -> None:
        """Bring the store in line with `scenarios` and begin to fire.

        A job whose line is unchanged keeps its next time, so that a run missed while the service
        was down is made up for.
        """
        _fire_here[self._service] = self._once
        self._scheduler.start(paused=True)
        planned = {s.name: s for s in scenarios if s.schedule is not None}
        for job in self._scheduler.get_jobs():
            if job.id not in planned:
                job.remove()
        for name, scenario in planned.items():
            self._plan(name, scenario)
        self._scheduler.resume()

    def stop(self) -> None:
        """Stop firing and wait for runs under way; the store stays."""
        self._scheduler.shutdown(wait=True)
        _fire_here.pop(self._service, None)

    def running(self) -> bool:
        """Return whether the scheduler fires."""
        return bool(self._scheduler.running)

    def next_times(self) -> dict[str, datetime | None]:
        """Return each scenario's next moment."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs()}

    def _plan(self, name: str, scenario: Scenario) -> None:
        if scenario.schedule is None:
            return
        trigger = CronLine(scenario.schedule.cron, scenario.schedule.time_zone)
        known = self._scheduler.get_job(name)
        if known is not None and known.trigger == trigger:
            return
        self._scheduler.add_job(
            "runner.schedule:fire",
            trigger,
            args=[self._service, name],
            id=name,
            name=f"drill {name}",
            replace_existing=True,
        )

    def _once(self, scenario: str) -> None:
        with self._lock:
            if scenario in self._busy:
                log.warning("still running, not started again", scenario=scenario)
                return
            self._busy.add(scenario)
        try:
            self._run(scenario)
        finally:
            with self._lock:
                self._busy.discard(scenario)
