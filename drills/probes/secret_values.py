"""Values out of restored Secrets, by name and key: what a login takes and a report must not show.

In: a place `{secret, key}` in the question and the sandbox. Out: the text, or what is wrong with
the restored Secret. The one reader of Secrets for all kinds of probes.
"""

import base64
import binascii
from collections.abc import Callable, Mapping

from drills import objects
from drills.cluster import ClientCertificate
from drills.errors import DrillError
from drills.expectations import Mismatch
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.probes.contract import Answer
from drills.probes.veiling import hide, veiled

SECRET = Kind("v1", "Secret")
CERTIFICATE_KEY, PRIVATE_KEY = "tls.crt", "tls.key"
"""As Secrets of type kubernetes.io/tls have them."""


class NotThere(Exception):
    """The sandbox does not hold what the question takes from it."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(str(mismatch))
        self.mismatch = mismatch


def restored_secret(cluster: Cluster, namespace: str, name: str) -> KubeObject | Mismatch:
    """Return a Secret of the sandbox, or that it is not there."""
    return cluster.get(SECRET, namespace, name) or Mismatch(f"Secret {name}", "no such Secret")


def text_under(secret: KubeObject, key: str) -> str | Mismatch:
    """Return the text under a key, or what is there instead."""
    name, encoded = objects.name(secret), objects.text(secret, "data", key)
    if not encoded:
        return Mismatch(f"key {key} in Secret {name}", "no such key")
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return Mismatch(f"text under {key} in Secret {name}", "something that is no text")


class SandboxSecrets:
    """The Secrets of one sandbox namespace; remembers what it has handed out, to be hidden."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self.shown: list[str] = []
        """Values that must not appear in an answer."""
        self._found: dict[str, KubeObject | Mismatch] = {}

    def kept(self, ask: Callable[[], Answer]) -> Answer:
        """Return what `ask` answers, or raise its error, without the values handed out."""
        try:
            return veiled(ask(), self.shown)
        except DrillError as error:
            error.args = (hide(str(error), self.shown),)
            raise

    def text(self, place: Mapping[str, object]) -> str:
        """Return the text at `{secret, key}`; raises NotThere."""
        name = objects.text(place, "secret")
        if name not in self._found:
            self._found[name] = restored_secret(self._cluster, self._namespace, name)
        secret = self._found[name]
        if isinstance(secret, Mismatch):
            raise NotThere(secret)
        value = text_under(secret, objects.text(place, "key"))
        if isinstance(value, Mismatch):
            raise NotThere(value)
        self.hide(value)
        return value

    def hide(self, value: str) -> None:
        """Remember a value that must not appear in an answer."""
        self.shown.extend({value, value.strip()} - {""})

    def certificate(self, place: Mapping[str, object]) -> ClientCertificate | None:
        """Return the client certificate in a Secret, None where none is asked for."""
        name = objects.text(place, "secret")
        if not name:
            return None
        keys = {
            word: objects.text(place, word) or usual
            for word, usual in (("certificate", CERTIFICATE_KEY), ("key", PRIVATE_KEY))
        }
        return ClientCertificate(
            certificate=self.text({"secret": name, "key": keys["certificate"]}),
            key=self.text({"secret": name, "key": keys["key"]}),
        )

    def headers(self, question: Mapping[str, object]) -> dict[str, str]:
        """Return the headers that come from Secrets, and what `auth` says."""
        wanted = objects.mapping(question, "headersFrom")
        found = {
            name: one_line(self.text(objects.mapping(place)), name)
            for name, place in wanted.items()
        }
        auth = objects.mapping(question, "auth")
        login = self._basic(auth) if "basic" in auth else self._bearer(auth)
        return found | ({"Authorization": login} if login else {})

    def _basic(self, auth: Mapping[str, object]) -> str:
        basic = objects.mapping(auth, "basic")
        user, password = (self._said(basic, word) for word in ("user", "password"))
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.hide(encoded)
        return f"Basic {encoded}"

    def _said(self, basic: Mapping[str, object], word: str) -> str:
        """Return what is said, or taken from a Secret."""
        place = objects.mapping(basic, f"{word}From")
        if place:
            return self.text(place)
        if word == "password":
            self.hide(objects.text(basic, word))
        return objects.text(basic, word)

    def _bearer(self, auth: Mapping[str, object]) -> str:
        place = objects.mapping(auth, "bearerFrom")
        return f"Bearer {one_line(self.text(place), 'Authorization')}" if place else ""


def one_line(value: str, header: str) -> str:
    """Return the value as a header takes it: one newline at the end is nobody's intention."""
    line = value.removesuffix("\n").removesuffix("\r")
    if any(char in line for char in "\r\n\0"):
        raise NotThere(Mismatch(f"one line for header {header}", "several lines"))
    return line
