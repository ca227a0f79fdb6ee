"""`serve`, put together: schedule, drills, web pages; ends cleanly on SIGTERM."""

import html
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import click
import structlog

from drills.errors import DrillError
from runner.clusters import Clusters
from runner.execution import perform
from runner.exit_codes import ExitCode
from runner.ids import drill_id
from runner.listeners import LogListener
from runner.logs import configure, style_of
from runner.metrics import Metrics
from runner.orphans import finish_orphans
from runner.publish import open_report_store, publish
from runner.schedule import Schedule
from runner.settings import RunSettings
from runner.stopping import HEARING_SECONDS, StopSignal, signals
from runner.web import Site, page, report_links, serve_site
from scenarios.hiding import veil_of
from scenarios.model import Scenario

log = structlog.get_logger()


class Service:
    """Runs the scenarios on their schedules until it is asked to stop."""

    def __init__(self, scenarios: Sequence[Scenario], settings: RunSettings) -> None:
        self._scenarios = {scenario.name: scenario for scenario in scenarios}
        self._settings = settings
        self._store = open_report_store(settings.report_store)
        self._signal = StopSignal()
        self._stopped = threading.Event()
        self._metrics = Metrics()
        self._clusters = Clusters(settings)
        self._schedule = Schedule(
            settings.journal_dir / "schedule.sqlite", self.drill, parallel=settings.parallel
        )

    def run(self, address: tuple[str, int], *, log_format: str) -> ExitCode:
        """Serve until SIGTERM or Ctrl-C; drills under way clean up first."""
        configure(style_of(log_format), colour=False, verbose=self._settings.verbose)
        site = Site(
            healthy=self._schedule.running,
            metrics=self._metrics.render,
            index=self.index,
            report_dir=self._settings.report_dir,
        )
        with (
            signals(self._signal, self._told),
            self._clusters,
            serve_site(site, address) as server,
        ):
            web = threading.Thread(target=server.serve_forever, name="web", daemon=True)
            web.start()
            finish_orphans(self._settings.journal_dir, self._clusters)
            self._schedule.start(tuple(self._scenarios.values()))
            host, port = server.server_address[:2]
            log.info("serving", address=f"http://{host!s}:{port}", scenarios=len(self._scenarios))
            while not self._stopped.wait(HEARING_SECONDS):
                pass
            self._schedule.stop()
            server.shutdown()
        return ExitCode.OK

    def drill(self, name: str) -> None:
        """Run one scenario now and publish its report; never raises for a drill gone wrong."""
        scenario = self._scenarios[name]
        this = drill_id(name, datetime.now(UTC))
        self._metrics.started()
        try:
            record = perform(
                scenario, self._settings, self._clusters, self._signal, this, LogListener(this)
            )
            self._metrics.observe(record)
            folder, _ = publish(record, self._settings.report_dir, self._store)
            log.info("drill ended", drill=this, verdict=str(record.verdict), report=str(folder))
        except DrillError as error:
            hide = veil_of(scenario.confidential.secrets).hide
            words = {"error": hide(str(error)), "remedy": hide(error.hint)}
            log.warning("drill could not begin", drill=this, **words)
        except OSError as error:
            log.warning("report could not be written", drill=this, error=str(error))
        finally:
            self._metrics.ended()

    def index(self) -> str:
        """Return the page that lists schedules, drills and checks of backups."""
        times = {
            name: moment.isoformat() if moment else "never"
            for name, moment in sorted(self._schedule.next_times().items())
        }
        upcoming = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{moment}</td></tr>"
            for name, moment in times.items()
        )
        reports = self._settings.report_dir
        return page(
            "Restore drills",
            "<table><caption>Next drills</caption><thead><tr><th scope=col>Scenario</th>"
            f"<th scope=col>Next</th></tr></thead><tbody>{upcoming}</tbody></table>"
            f"<h2>Drills</h2>{report_links(reports, 'drills')}"
            f"<h2>Backups checked</h2>{report_links(reports, 'verifies')}",
        )

    def _told(self, name: str, count: int) -> None:
        del count
        click.echo(f"{name}: stopping; drills under way clean up first", err=True)
        self._stopped.set()
