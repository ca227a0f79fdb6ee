"""S3 as people have it: how they sign in, where their buckets are, and what goes wrong."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import botocore.endpoint
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drills.adapters.store import open_store
from drills.errors import DrillError, Forbidden, Misconfigured, OutsideRefused, Unreachable
from runner.cli import main
from tests.fakes.s3 import StubS3
from tests.fakes.velero import SAMPLE

NOWHERE = "/nonexistent"
KEYS = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415 - the environment is this fixture's business

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(name="s3")
def _s3() -> Iterator[StubS3]:
    with StubS3({"p/backups/a": b"1"}) as stub:
        yield stub


@pytest.fixture(name="env")
def _env(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(**given: object) -> None:
        for name, value in given.items():
            monkeypatch.setenv(name, str(value))

    return put


def keys(url: str) -> list[str]:
    return [stored.key for stored in open_store(url).list("")]


def at(s3: StubS3, more: str = "") -> str:
    return f"s3://b/p?endpoint={s3.url}&region=us-east-1{more}"


# How they sign in.


def test_the_environment(s3: StubS3, env: Callable[..., None]) -> None:
    env(**KEYS, AWS_SESSION_TOKEN="token")
    assert keys(at(s3)) == ["backups/a"]
    assert s3.seen[-1].key == "ENV"
    assert s3.seen[-1].headers["x-amz-security-token"] == "token"


@pytest.mark.parametrize("way", ["AWS_PROFILE", "option"])
def test_a_profile_of_the_shared_file(
    s3: StubS3, env: Callable[..., None], tmp_path: Path, way: str
) -> None:
    shared = tmp_path / "credentials"
    shared.write_text("[velero]\naws_access_key_id = SHARED\naws_secret_access_key = s\n")
    env(AWS_SHARED_CREDENTIALS_FILE=shared)
    if way == "AWS_PROFILE":
        env(AWS_PROFILE="velero")
    assert keys(at(s3, "&profile=velero" if way == "option" else "")) == ["backups/a"]
    assert s3.seen[-1].key == "SHARED"


def test_a_process_that_hands_them_out(
    s3: StubS3, env: Callable[..., None], tmp_path: Path
) -> None:
    said = tmp_path / "said.json"
    said.write_text('{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s"}')
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = cat {said}\n")
    env(AWS_CONFIG_FILE=config)
    assert keys(at(s3)) == ["backups/a"]
    assert s3.seen[-1].key == "PROCESS"


def test_a_role_by_web_identity(s3: StubS3, env: Callable[..., None], tmp_path: Path) -> None:
    """As EKS and other clusters give it to a pod."""
    token = tmp_path / "token"
    token.write_text("a.web.token")
    env(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/drill")
    env(AWS_ENDPOINT_URL_STS=s3.url, AWS_DEFAULT_REGION="us-east-1")
    assert keys(at(s3)) == ["backups/a"]
    assert s3.seen[-1].key == "ASSUMED"


def test_a_role_by_a_profile(s3: StubS3, env: Callable[..., None], tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
        "[profile other]\nrole_arn = arn:aws:iam::123456789012:role/drill\nsource_profile = base\n"
        "region = us-east-1\n"
    )
    env(AWS_CONFIG_FILE=config, AWS_ENDPOINT_URL_STS=s3.url)
    assert keys(at(s3, "&profile=other")) == ["backups/a"]
    assert [one.key for one in s3.seen] == ["BASE", "ASSUMED"]


def test_a_containers_role(s3: StubS3, env: Callable[..., None]) -> None:
    env(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{s3.url}/container")
    assert keys(at(s3)) == ["backups/a"]
    assert s3.seen[-1].key == "HANDED"


def test_an_instances_role(s3: StubS3, env: Callable[..., None]) -> None:
    env(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=s3.url)
    assert keys(at(s3)) == ["backups/a"]
    assert s3.seen[-1].key == "HANDED"


def test_no_credentials_at_all(s3: StubS3) -> None:
    with pytest.raises(Misconfigured, match="no credentials") as caught:
        keys(at(s3))
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_a_process_that_fails(s3: StubS3, env: Callable[..., None], tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = false\n")
    env(AWS_CONFIG_FILE=config)
    with pytest.raises(Misconfigured, match="credentials"):
        keys(at(s3))


# Where their buckets are.


@pytest.fixture(name="tls")
def _tls(tmp_path: Path) -> Iterator[tuple[StubS3, Path]]:
    """An endpoint whose certificate nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stub")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    bundle, secret = tmp_path / "ca.pem", tmp_path / "key.pem"
    bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, secret)
    with StubS3({"p/backups/a": b"1"}, tls=context) as stub:
        yield stub, bundle


@pytest.mark.parametrize("way", ["ca", "AWS_CA_BUNDLE", "insecure"])
def test_a_private_ca(tls: tuple[StubS3, Path], env: Callable[..., None], way: str) -> None:
    s3, bundle = tls
    env(**KEYS)
    if way == "AWS_CA_BUNDLE":
        env(AWS_CA_BUNDLE=bundle)
    more = {"ca": f"&ca={bundle}", "insecure": "&insecure=true"}.get(way, "")
    assert keys(at(s3, more)) == ["backups/a"]


def test_a_certificate_that_is_not_trusted(
    tls: tuple[StubS3, Path], env: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)
    env(**KEYS)
    with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
        keys(at(tls[0]))
    assert "ca=FILE" in caught.value.hint


def test_a_ca_bundle_that_is_not_there(s3: StubS3) -> None:
    with pytest.raises(Misconfigured, match=r"ca\.pem is not there"):
        open_store(at(s3, "&ca=/nonexistent/ca.pem"))


def test_path_style_and_prefix(s3: StubS3, env: Callable[..., None]) -> None:
    """The default with an endpoint; keys are told without the prefix."""
    env(**KEYS)
    with open_store(at(s3)).open("backups/a") as body:
        assert body.read() == b"1"
    assert s3.seen[-1].target == "/b/p/backups/a"


def test_virtual_style_through_a_proxy(s3: StubS3, env: Callable[..., None]) -> None:
    env(**KEYS, HTTP_PROXY=s3.url, http_proxy=s3.url)
    s3.bucket = "backups"
    url = "s3://backups/p?endpoint=http://s3.example.test&region=us-east-1&style=virtual"
    with open_store(url).open("backups/a") as body:
        assert body.read() == b"1"
    assert s3.seen[-1].target == "http://backups.s3.example.test/p/backups/a"


def test_thousands_of_files_come_in_pages(s3: StubS3, env: Callable[..., None]) -> None:
    env(**KEYS)
    s3.files = {f"p/backups/{number:05}/velero-backup.json": b"" for number in range(4321)}
    assert len(keys(at(s3))) == 4321
    assert len(s3.seen) == 5
    assert all("prefix=p%2F" in one.target for one in s3.seen)


def test_who_asks_pays_where_wished(s3: StubS3, env: Callable[..., None]) -> None:
    env(**KEYS)
    store = open_store(at(s3, "&requester-pays=true"))
    list(store.list(""))
    with store.open("backups/a"):
        pass
    store.part("backups/a", 0, 1)  # type: ignore[attr-defined]
    store.describe("backups/a")  # type: ignore[attr-defined]
    assert [one.headers.get("x-amz-request-payer") for one in s3.seen] == ["requester"] * 4


# What goes wrong.


@pytest.fixture(name="waited")
def _waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds between attempts, without waiting them."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint.time, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("code", ["SlowDown", "ServiceUnavailable", "InternalError"])
def test_a_busy_store_is_asked_again(
    s3: StubS3, env: Callable[..., None], waited: list[float], code: str
) -> None:
    env(**KEYS)
    s3.troubles = [(503, code, "")] * 3
    assert keys(at(s3)) == ["backups/a"]
    assert len(waited) == 3
    assert all(later >= 0 for later in waited)


def test_a_store_that_stays_busy_is_unreachable(
    s3: StubS3, env: Callable[..., None], waited: list[float]
) -> None:
    """Six times more, each wait drawn from a time twice as long as the one before."""
    env(**KEYS)
    s3.troubles = [(503, "InternalError", "")] * 20
    with pytest.raises(Unreachable):
        keys(at(s3))
    assert len(s3.seen) == 7
    assert len(waited) == 6
    assert all(wait <= min(2**attempt, 20) for attempt, wait in enumerate(waited))


DENIED = "User: arn:aws:iam::1234:user/x is not authorized to perform: {} on resource: y"
REFUSALS: dict[str, tuple[int, str, str, type[DrillError], str]] = {
    "right": (403, "AccessDenied", "", Forbidden, "grant s3:ListBucket on arn:aws:s3:::b"),
    "same right": (
        403,
        "AccessDenied",
        DENIED.format("s3:ListBucket"),
        Forbidden,
        "grant s3:ListBucket on arn:aws:s3:::b",
    ),
    "key": (403, "AccessDenied", DENIED.format("kms:Decrypt"), Forbidden, "grant kms:Decrypt"),
    "expired": (400, "ExpiredToken", "", Forbidden, "renew"),
    "secret": (403, "SignatureDoesNotMatch", "", Forbidden, "secret key is wrong"),
    "unknown key": (403, "InvalidAccessKeyId", "", Forbidden, "does not know this access key"),
    "clock": (403, "RequestTimeTooSkewed", "", Forbidden, "clock"),
    "region": (400, "AuthorizationHeaderMalformed", "", OutsideRefused, "region="),
}


@pytest.mark.parametrize("refused", REFUSALS)
def test_a_refusal_says_what_to_do(
    s3: StubS3, env: Callable[..., None], waited: list[float], refused: str
) -> None:
    status, code, words, kind, hint = REFUSALS[refused]
    env(**KEYS)
    s3.troubles = [(status, code, words)] * 9
    with pytest.raises(kind) as caught:
        keys(at(s3))
    assert hint in caught.value.hint
    assert "1234" not in f"{caught.value}{caught.value.hint}"


def test_reading_is_enough(env: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    """A whole check sends nothing but GET and HEAD, and to nothing but the prefix."""
    env(**KEYS)
    files = {
        f"p/{path.relative_to(SAMPLE).as_posix()}": path.read_bytes()
        for path in SAMPLE.rglob("*")
        if path.is_file()
    }
    with StubS3(files, page=7) as s3:
        assert main(["verify", "--no-state", "--bucket", at(s3)]) == 0
        assert {one.method for one in s3.seen} <= {"GET", "HEAD"}
        assert all("/b/p/" in one.target or "prefix=p%2F" in one.target for one in s3.seen)
    assert "2 good" in capsys.readouterr().out
