"""The service's pages, over HTTP."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.web import Site, page, report_links, serve_site


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> Iterator[str]:
    report = tmp_path / "reports" / "drill-1"
    report.mkdir(parents=True)
    (report / "report.json").write_text("{}")
    (report / "report.html").write_text("<p>good</p>")
    (tmp_path / "reports" / "drill-1" / "secret.txt").write_text("no")
    (tmp_path / "passwd").write_text("no")
    check = tmp_path / "reports" / "verify-1"
    check.mkdir()
    (check / "verify.json").write_text("{}")
    (check / "verify.html").write_text("<p>damaged</p>")
    site = Site(
        healthy=(tmp_path / "healthy").exists,
        metrics=lambda: b"restore_drill_running 0\n",
        index=lambda: page("<Drills>", "<p>body</p>"),
        report_dir=tmp_path / "reports",
    )
    (tmp_path / "healthy").touch()
    with serve_site(site, ("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def fetch(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_health_metrics_index(url: str) -> None:
    """The well-known pages answer, with a policy that forbids scripts."""
    assert fetch(f"{url}/healthz")[:2] == (200, b"ok\n")
    assert fetch(f"{url}/metrics")[1] == b"restore_drill_running 0\n"
    status, body, headers = fetch(url)
    assert status == 200
    assert b"&lt;Drills&gt;" in body
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_report(url: str) -> None:
    """A drill's report is served."""
    assert fetch(f"{url}/drills/drill-1/report.html")[:2] == (200, b"<p>good</p>")


def test_check_of_backups(url: str) -> None:
    """So is that of a check of backups, under an address of its own."""
    assert fetch(f"{url}/verifies/verify-1/verify.html")[:2] == (200, b"<p>damaged</p>")
    assert fetch(f"{url}/verifies/verify-1/verify.json")[1] == b"{}"


def test_both_kinds_are_linked(tmp_path: Path, url: str) -> None:
    reports = tmp_path / "reports"
    for kind in ("drills", "verifies"):
        (link,) = re.findall('href="([^"]+)"', report_links(reports, kind))
        assert fetch(url + link)[0] == 200
    assert "none yet" in report_links(tmp_path, "verifies")


@pytest.mark.parametrize(
    "path",
    [
        "/drills/drill-1/secret.txt",
        "/drills/../passwd",
        "/drills/..%2f..%2fpasswd/report.html",
        "/drills/drill-2/report.html",
        "/drills/verify-1/verify.html",
        "/verifies/drill-1/report.html",
        "/verifies/verify-1/verify.html.bak",
        "/drills/drill-1/%2e%2e/report.html",
        "//etc/passwd",
    ],
)
def test_nothing_else(url: str, path: str) -> None:
    """No path of the request reaches the file system."""
    status, body, _ = fetch(url + path)
    assert status == 404
    assert body != b"no"
