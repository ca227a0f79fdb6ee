"""Secrets show nowhere: whole drills whose application says them in every form it can think of."""

import base64
import html
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.containers import ExecAnswer, HttpAnswer
from embedded.stand_in import HttpQuestion
from runner.cli import main
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled

TOKEN = 'tök"en/+<4711>&§ x-9'
PASSWORD = "Zq8!vF2p-restored/only"
LITERAL = "lit3ral-Pa55"
PROBES = f"""\
    - name: http echoes
      http:
        service: shop
        port: 80
        path: /healthz
        headers: {{Authorization: "Bearer ${{DRILL_TEST_TOKEN}}", X-Api-Key: {LITERAL}}}
      expect: {{body: {{contains: "never ${{DRILL_TEST_TOKEN}}"}}}}
    - name: exec prints
      exec: {{workload: deployment/shop, command: [env]}}
      expect: {{stdout: {{matches: "^never$"}}, stderr: {{contains: "${{DRILL_TEST_TOKEN}}"}}}}
    - name: logs print
      logs: {{workload: deployment/shop}}
      expect: {{contains: never there, not: {{contains: "${{DRILL_TEST_TOKEN}}"}}}}
    - name: job prints
      job: {{image: "registry.example/check:1", env: {{WHO: "${{DRILL_TEST_TOKEN}}"}}}}
      expect: {{output: never}}
    - name: script prints
      script:
        command: [{sys.executable}, -c, "import os, sys; sys.exit(os.environ['WHO'])"]
        env: {{WHO: "${{DRILL_TEST_TOKEN}}"}}
    - name: secret object
      resource: {{apiVersion: v1, kind: Secret, name: shop-credentials}}
      expect: {{jsonPath: "{{.data.password}}", value: never}}
    - name: whole secret
      resource: {{apiVersion: v1, kind: Secret, name: shop-credentials}}
      expect: {{jsonPath: "{{.metadata.annotations}}", value: never}}
    - name: prometheus refuses
      prometheus: {{service: shop, port: 80, query: 'up{{who="${{DRILL_TEST_TOKEN}}"}}'}}
      expect: {{value: {{min: 1}}}}
    - name: database refuses
      sql:
        engine: postgresql
        service: shop
        port: 80
        user: app
        database: shop
        password: {LITERAL}
        query: SELECT '${{DRILL_TEST_TOKEN}}'
""".replace("      expect", "      retries: 0\n      expect")


def forms(secret: str) -> Iterator[bytes]:
    """Yield how a secret may be written."""
    data = secret.encode()
    yield data
    for text in (secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret, safe="")):
        yield text.encode()
    yield quote_plus(secret).encode()
    yield base64.b64encode(data)
    yield base64.urlsafe_b64encode(data)
    yield base64.b64encode(b"admin:" + data).rstrip(b"=")[-16:-2]
    yield data.hex().encode()
    yield data[:12]


def said() -> str:
    """Return a text that holds every secret in every form, and one cut by the report's limit."""
    both = [form.decode() for secret in (TOKEN, PASSWORD, LITERAL) for form in forms(secret)]
    return "\n".join(both)


def output_of(folder: Path, drilled: Drilled, capsys: pytest.CaptureFixture[str]) -> bytes:
    """Return all that a drill wrote, to files and streams."""
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    rest = capsys.readouterr()
    return files + "\n".join([*drilled.lines, drilled.errors, rest.out, rest.err]).encode()


def credentials(obj: dict[str, object]) -> None:
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    obj["data"] = {"password": encoded, "username": base64.b64encode(b"shop").decode()}
    metadata = obj["metadata"]
    assert isinstance(metadata, dict)
    applied = json.dumps({"data": {"password": encoded}, "stringData": {"p": PASSWORD}})
    metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": applied}


@pytest.fixture(name="talking")
def _talking(bucket: Bucket, tmp_path: Path) -> Iterator[Path]:
    """Start a cluster whose application says everything."""
    bucket.change_archive({"/secrets/namespaces/production/shop-credentials.json": credentials}, {})
    with EmbeddedCluster(store=str(bucket.folder)) as cluster:
        text = said()

        def http(question: HttpQuestion) -> HttpAnswer:
            seen = question.headers.get("Authorization", "")
            return HttpAnswer(stand_in="", body=f"{seen}\n{question.path}\n{text}".encode())

        cluster.stand_ins.register(
            "talking",
            http=http,
            exec=lambda *_: ExecAnswer(stand_in="", stdout=text.encode(), stderr=TOKEN.encode()),
            logs=lambda *_: f"{TOKEN}\n{' '.join(text.splitlines())}\n",
        )
        yield cluster.kubeconfig(tmp_path / "kubeconfig")


def test_no_probe_of_any_kind_shows_a_secret(
    talking: Path,
    write: Callable[..., Path],
    drill: Callable[..., Drilled],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DRILL_TEST_TOKEN", TOKEN)
    path = write(
        cluster="{context: embedded}",
        backup="{engine: velero, schedule: production-daily}",
        probes=PROBES,
    )
    drilled = drill(path, "--kubeconfig", talking, "--verbose")
    kinds = {probe["kind"] for probe in drilled.document["probes"] if probe["message"]}
    assert {"http", "exec", "logs", "job", "script", "resource", "sql"} <= kinds
    assert "(hidden)" in drilled.document["probes"][0]["expected"]
    assert "(hidden)" in drilled.document["probes"][1]["observed"]
    written = output_of(drilled.folder, drilled, capsys)
    for secret in (TOKEN, PASSWORD, LITERAL):
        assert [form for form in forms(secret) if form in written] == []
    # What is no secret stays: the report is still one.
    assert b"backup-test" in written
    assert b"shop" in written
    assert main(["plan", str(path), "--kubeconfig", str(talking), "--manifests"]) in {0, 1, 3}
    main(["validate", str(path)])
    planned = capsys.readouterr()
    assert TOKEN not in planned.out + planned.err
    assert PASSWORD not in planned.out + planned.err


@pytest.mark.parametrize("end", range(4))
def test_a_secret_that_a_report_cuts_short_does_not_show_its_beginning(
    cluster: EmbeddedCluster,
    on: Callable[..., Drilled],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: int,
) -> None:
    token = "k3y-that-nobody-may-see-in-a-report"
    monkeypatch.setenv("DRILL_TEST_TOKEN", token)
    text = "." * (170 + 7 * end) + token + "." * 200
    cluster.stand_ins.register("late", http=lambda _: HttpAnswer(stand_in="", body=text.encode()))
    probes = """\
    - name: late
      http: {service: shop, port: 80, headers: {X-Who: "${DRILL_TEST_TOKEN}"}}
      expect: {body: never}
      retries: 0
"""
    drilled = on(probes=probes)
    assert drilled.verdict == "failed"
    assert token[:6].encode() not in output_of(drilled.folder, drilled, capsys)


def test_short_and_common_values_do_not_blank_a_report(
    cluster: EmbeddedCluster, on: Callable[..., Drilled], monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {
        "REGION": "eu",
        "FLAG": "true",
        "STAGE": "production",
        "PORT": "5432",
        "SPACE": "shop",
    }
    for name, value in common.items():
        monkeypatch.setenv(f"DRILL_TEST_{name}", value)
    text = " ".join(common.values())
    cluster.stand_ins.register(
        "plain", exec=lambda *_: ExecAnswer(stand_in="", stdout=text.encode())
    )
    words = " ".join(f"${{DRILL_TEST_{name}}}" for name in common)
    drilled = on(
        probes=f"""\
    - name: says what is common
      exec: {{workload: deployment/shop, command: [echo, "{words}"]}}
      expect: {{stdout: "{words}"}}
"""
    )
    (probe,) = drilled.document["probes"]
    assert probe["outcome"] == "passed", probe
    assert text in probe["observed"]
    assert "(hidden)" not in json.dumps(drilled.document)


def test_a_wrong_scenario_does_not_show_what_its_variables_held(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRILL_TEST_TOKEN", "s3cr3t-token[")
    path = write(
        probes="""\
    - name: bad
      http: {service: shop, port: 80}
      expect: {body: {matches: "^x${DRILL_TEST_TOKEN}"}, jsonPath: {path: "{.a${DRILL_TEST_TOKEN}"}}
"""
    )
    assert main(["validate", str(path)]) == 2
    said = capsys.readouterr()
    assert "scenario.yaml" in said.err
    assert "s3cr3t-token" not in said.out + said.err
