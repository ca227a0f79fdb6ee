"""Signing the manifest: a DSSE envelope with an Ed25519 key, by DSSE v1.0.2.

In: the manifest's bytes and a key in PEM. Out: the envelope, or what is wrong with one. The key in
an archive proves nothing, anyone can make one: a signature counts only against a public key that
the auditor got in another way. `keyid` is a hint for people and decides nothing.
"""

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from drills.errors import Misconfigured
from reports.loading import ReportUnreadable, parse_object
from reports.reading import rows, word

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PAYLOAD_TYPE = "application/vnd.restore-drill-runner.evidence+json"


def sign(manifest: bytes, private_key: bytes) -> bytes:
    """Return the envelope over the manifest.

    Args:
        manifest: the bytes of `manifest.json`.
        private_key: an Ed25519 private key as unencrypted PEM (PKCS 8).

    Raises:
        Misconfigured: the key is not one. Its text is never part of the message.
    """
    key = _private(private_key)
    signature = key.sign(_encoded(manifest))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(manifest).decode(),
        "signatures": [
            {"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}
        ],
    }
    return (json.dumps(envelope, indent=2) + "\n").encode()


def check(envelope: bytes, manifest: bytes, public_key: bytes) -> str | None:
    """Return what is wrong with the signature, None where one of them is by `public_key`.

    Raises:
        Misconfigured: `public_key` is no Ed25519 public key in PEM.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow, seldom needed

    key = _public(public_key)
    try:
        document = parse_object(envelope, where="the signature")
    except ReportUnreadable as error:
        return f"the envelope is no valid JSON: {'; '.join(error.problems)}"
    if word(document, "payloadType") != PAYLOAD_TYPE:
        return f"the envelope signs something else, not {PAYLOAD_TYPE}"
    if _decoded(word(document, "payload")) != manifest:
        return "the signed manifest is not the one in the archive"
    for entry in rows(document, "signatures"):
        try:
            key.verify(_decoded(word(entry, "sig")) or b"", _encoded(manifest))
        except InvalidSignature:
            continue
        return None
    return "no signature was made with this key"


def signed_by(envelope: bytes) -> tuple[str, ...]:
    """Return the key ids an envelope names, unchecked: who says to have signed."""
    try:
        document = parse_object(envelope, where="the signature")
    except ReportUnreadable:
        return ()
    return tuple(word(entry, "keyid") for entry in rows(document, "signatures"))


def key_id(key: "Ed25519PublicKey") -> str:
    """Return the SHA-256 of the public key's DER form, as `openssl pkey -outform DER` gives it."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow, seldom needed

    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def _encoded(manifest: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: lengths are counted in bytes."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(manifest), manifest)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None


def _private(pem: bytes) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow, seldom needed
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - likewise

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise Misconfigured(
            "the signing key is no unencrypted Ed25519 private key in PEM",
            hint="Make one with: openssl genpkey -algorithm ed25519 -out evidence-key.pem",
        ) from None
    return key


def _public(pem: bytes) -> "Ed25519PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow, seldom needed
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - likewise

    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise Misconfigured(
            "the public key is no Ed25519 public key in PEM",
            hint="Make it with: openssl pkey -in evidence-key.pem -pubout -out evidence-key.pub",
        )
    return key
