"""The README of an evidence archive: how an auditor checks it without this program.

In: whether the archive is signed. Out: text.
"""

from reports.evidence.signing import PAYLOAD_TYPE

_ALL = """\
EVIDENCE OF RESTORE DRILLS

What this is
  drills/<drill>/report.json   the record of one drill; it alone counts
  drills/<drill>/report.html   the same, to be read by people
  drills/<drill>/junit.xml     the same, for machines that know tests
  manifest.json                period, drills with their verdicts, gaps, and
                               size and SHA-256 of every file
  SHA256SUMS                   the same hashes, for standard tools
  schema/                      what every key means (JSON Schema)

Every drill of the period is here whatever its verdict. "gaps" in the manifest
names drills that were scheduled and have no report; where "scheduleKnown" is
false no schedule was known and an empty list says nothing. "unreadable" names
reports that were there and could not be read.

How to check it with standard tools
  unzip the archive into an empty folder, and in that folder:

    sha256sum -c SHA256SUMS

  Every line must end with OK. Then no file may be there that is not listed:

    find . -type f | wc -l     must be {extra} more than: wc -l < SHA256SUMS

How to check it with the program that made it

    python -m runner evidence verify ARCHIVE.zip{option}

What the hashes prove
  That the files belong to the manifest. Who made the manifest they do not
  prove: whoever changes a report can make new hashes.
"""

_SIGNED = """
The signature
  manifest.dsse.json is a DSSE v1 envelope over manifest.json, signed with
  Ed25519. Use a public key that you got from the owner of the drills in another
  way, never one that came with an archive. With OpenSSL 3 and Python:

    TYPE={kind}
    {{ printf 'DSSEv1 %d %s %d ' ${{#TYPE}} $TYPE $(wc -c < manifest.json)
      cat manifest.json; }} > /tmp/signed.bin
    python3 -c "import json,base64,sys; sys.stdout.buffer.write(base64.b64decode(
      json.load(open('manifest.dsse.json'))['signatures'][0]['sig']))" > /tmp/sig.bin
    openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin \\
      -in /tmp/signed.bin -sigfile /tmp/sig.bin

  It must say: Signature Verified Successfully
"""

_UNSIGNED = """
The signature
  There is none. Keep the archive where nobody can change it, or ask for one
  that was exported with --key.
"""

_END = """
What a drill proves
  "environment": "embedded" means that no container ran: such a drill proves at
  most that the backup can be read and its objects come back. "inconclusive"
  means that there was no answer; it is not a pass. "isolationProof" says what a
  pod of the drill could reach from the sandbox; "unproven" is no claim at all.
  The controls that a report names are those it supports; it states no compliance.
"""


def readme(*, signed: bool) -> bytes:
    """Return the text, with the part on signatures that fits."""
    option = " --key KEY.pub" if signed else ""
    whole = _ALL.format(extra="2" if signed else "1", option=option)
    part = _SIGNED.format(kind=PAYLOAD_TYPE) if signed else _UNSIGNED
    return f"{whole}{part}{_END}".encode()
