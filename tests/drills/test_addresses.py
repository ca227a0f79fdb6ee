"""Plain addresses in settings: told where they are some, and never a secret's."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.addresses import MOST, address_findings, address_uses, addresses_of
from drills.backups import AddressUse, ObjectKey
from drills.findings import Finding, Severity
from drills.objects import KubeObject

SETTINGS = ObjectKey(resource="configmaps", namespace="production", name="settings")
SECRET = ObjectKey(resource="secrets", namespace="production", name="database")
LEDGER = "10.96.0.12"
OWNERS = {LEDGER: "Service production/ledger", "fd00::12": "Service production/ledger"}


def found(text: str, key: str = "FILE") -> list[tuple[str, bool]]:
    uses = address_uses(SETTINGS, {"data": {key: text}})
    return [(use.address, use.sure) for use in uses]


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("http://10.0.0.7/x", ("10.0.0.7", True)),
        ("postgres://u:p@10.0.0.7:5432/x", ("10.0.0.7", True)),
        ("server 10.0.0.7:5432;", ("10.0.0.7", True)),
        ("listen: 10.0.0.7", ("10.0.0.7", False)),
        ("10.0.0.7", ("10.0.0.7", False)),
        ("http://169.254.169.254/latest", ("169.254.169.254", True)),
        ("http://[FD00::1]:80/", ("fd00::1", True)),
        ("fd00:0::1", ("fd00::1", True)),
        ("a=10.0.0.7,b", ("10.0.0.7", False)),
    ],
)
def test_an_address_is_found(text: str, use: tuple[str, bool]) -> None:
    assert found(text) == [use]


def test_a_key_that_says_host_makes_it_sure() -> None:
    assert found("10.0.0.7", "DB_HOST") == [("10.0.0.7", True)]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:80",
        "http://0.0.0.0:8080",
        "255.255.255.0",
        "10.0.0.0/8",
        "v1.2.3.4",
        "1.2.3.4-rc1",
        "1.2.3.4.5",
        "300.1.1.1:80",
        "http://[::1]/",
        "1.2.3",
        "ab:cd",
        "",
    ],
)
def test_what_is_no_address_of_another_machine(text: str) -> None:
    assert found(text) == []


def use(address: str, *, key: ObjectKey = SETTINGS, sure: bool = False) -> AddressUse:
    return AddressUse(source=key, key="url", address=address, sure=sure)


def told(*uses: AddressUse, closed: bool = True) -> tuple[Finding, ...]:
    return address_findings(uses, OWNERS, ["production"], closed=closed)


def test_whose_address_it_was_is_said() -> None:
    """A bare number is enough where the backup knows it."""
    (finding,) = told(use(LEDGER))
    assert (finding.code, finding.severity) == ("address-of-production", Severity.INFO)
    assert "settings key url (10.96.0.12, Service production/ledger)" in finding.message


def test_other_addresses_are_named_where_they_are_surely_some() -> None:
    (finding,) = told(use("192.0.2.1", sure=True))
    assert finding.code == "points-at-address"
    assert told(use("1.2.3.4")) == ()


def test_of_a_secret_only_the_key_is_told() -> None:
    text = base64.b64encode(b"postgres://u:hunter2@10.96.0.12:5432/x").decode()
    uses = address_uses(SECRET, {"type": "Opaque", "data": {"url": text}})
    (finding,) = told(*uses)
    assert "secrets production/database key url." in finding.message
    for word in (LEDGER, "hunter2"):
        assert word not in repr((uses, finding))


def test_other_namespaces_are_no_matter() -> None:
    other = ObjectKey(resource="configmaps", namespace="staging", name="settings")
    assert told(use(LEDGER, key=other)) == ()


def test_without_a_closed_network_it_is_a_warning() -> None:
    assert told(use(LEDGER), closed=False)[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("resource", "obj", "expected"),
    [
        (
            "services",
            {
                "spec": {"clusterIP": LEDGER, "clusterIPs": [LEDGER, "fd00::12"]},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}, {"hostname": "x"}]}},
            },
            [LEDGER, "fd00::12", "192.0.2.9"],
        ),
        ("services", {"spec": {"clusterIP": "None"}}, []),
        ("pods", {"status": {"podIP": "10.1.0.3", "podIPs": [{"ip": "10.1.0.3"}]}}, ["10.1.0.3"]),
        ("pods", {"spec": {"hostNetwork": True}, "status": {"podIP": "10.1.0.3"}}, []),
        ("configmaps", {"data": {"a": LEDGER}}, []),
    ],
)
def test_services_and_pods_have_addresses(
    resource: str, obj: KubeObject, expected: list[str]
) -> None:
    """A pod on its node's own network has none of its own."""
    key = ObjectKey(resource=resource, namespace="production", name="ledger")
    assert [address for address, _ in addresses_of(key, obj)] == expected


def test_an_object_with_many_is_bounded() -> None:
    assert len(found(" ".join(f"10.0.{n}.1" for n in range(3 * MOST)))) == MOST


@given(st.text(alphabet="0123456789.:[]/ab@", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(address.count(".") == 3 or ":" in address for address, _ in found(text))
