"""As whom a database is asked: from the scenario, or from the sandbox's own restored Secrets.

| the question says                   | user, database      | password              |
|-------------------------------------|---------------------|-----------------------|
| user, database, password            | as said             | as said               |
| passwordFrom {secret, key}          | as said             | the Secret's          |
| loginFrom {secret, user, password,  | the Secret's, where | the Secret's, where   |
| database}: names of keys            | a key is named      | a key is named        |

With `trim` white space at the end of what a Secret holds is left off, as programs do that read a
password from a file. A Secret or a key that did not come back is a wrong answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.ports import Cluster
from drills.probes.databases import Login
from drills.probes.secret_values import restored_secret, text_under

WORDS = ("user", "password", "database")
SCENARIO = "the password in the scenario"
DELETE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A login, and where its password is from."""

    login: Login = field(repr=False)
    restored: bool = False
    """Whether the password is a restored Secret's: that it fits is then a part of the question."""
    place: str = SCENARIO
    """How messages name the password."""

    @property
    def oddity(self) -> str:
        """Return what about the password a login rarely survives; never the password."""
        password = self.login.password
        if password.endswith(("\n", "\r")):
            return f"{self.place} ends in a newline"
        if any(ord(char) < ord(" ") or ord(char) == DELETE for char in password):
            return f"{self.place} holds control characters"
        return ""


def credentials(
    cluster: Cluster, namespace: str, question: Mapping[str, object]
) -> Credentials | Mismatch:
    """Return the login, or what is wrong with the restored Secret; raises CannotAsk."""
    found = {word: objects.text(question, word) for word in WORDS}
    source = objects.mapping(question, "loginFrom") or _one_key(question)
    place, restored = SCENARIO, "password" in source
    if source:
        name = objects.text(source, "secret")
        secret = restored_secret(cluster, namespace, name)
        if isinstance(secret, Mismatch):
            return secret
        for word in WORDS:
            if key := objects.text(source, word):
                value = text_under(secret, key)
                if isinstance(value, Mismatch):
                    return value
                found[word] = value.rstrip() if source.get("trim") is True else value
        if restored:
            place = f"the password under {objects.text(source, 'password')} in Secret {name}"
    if not found["user"]:
        raise CannotAsk("the probe names no user", cause=Cause.CONFIGURATION)
    tls = question.get("tls")
    login = Login(
        user=found["user"],
        database=found["database"],
        password=found["password"],
        tls=tls if isinstance(tls, bool) else None,
    )
    return Credentials(login=login, restored=restored, place=place)


def _one_key(question: Mapping[str, object]) -> Mapping[str, object]:
    """Return `passwordFrom` in the words of `loginFrom`."""
    source = objects.mapping(question, "passwordFrom")
    if not source:
        return {}
    return {
        "secret": objects.text(source, "secret"),
        "password": objects.text(source, "key"),
        "trim": source.get("trim"),
    }
