"""Each way to tamper with an archive is found."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.errors import Misconfigured
from reports.evidence import archive as archive_module
from reports.evidence import contents, verify
from reports.evidence.archive import pack, unpack
from reports.evidence.export import sums
from reports.evidence.manifest import entry
from tests.reports.evidence.conftest import new_key_pair

Archive = Callable[..., Path]
Keys = tuple[bytes, bytes]
DRILL = "drills/production-weekly-20261123-060004-e21c"


def _files(path: Path) -> dict[str, bytes]:
    return dict(unpack(path)[0])


def _rewrite(path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    files = _files(path)
    change(files)
    path.write_bytes(pack(files))
    return path


def _found(path: Path, **more: object) -> dict[str, str]:
    return {problem.path: problem.message for problem in verify(path, **more)}


def _rehashed(files: dict[str, bytes], **changes: object) -> None:
    """Do what a careful forger does: new hashes everywhere."""
    manifest = json.loads(files["manifest.json"]) | changes
    manifest["files"] = [
        entry(name, data)
        for name, data in sorted(files.items())
        if name not in {"manifest.json", "SHA256SUMS", "manifest.dsse.json"}
    ]
    files["manifest.json"] = json.dumps(manifest).encode()
    rest = {n: d for n, d in files.items() if n not in {"SHA256SUMS", "manifest.dsse.json"}}
    files["SHA256SUMS"] = sums(rest)


def _forge(files: dict[str, bytes]) -> None:
    name = f"{DRILL}/report.json"
    files[name] = files[name].replace(b'"verdict": "failed"', b'"verdict": "passed"')


def test_untouched(archive: Archive, key_pair: Keys) -> None:
    path = archive(private_key=key_pair[0])
    assert verify(path) == ()
    assert verify(path, public_key=key_pair[1]) == ()
    assert contents(path).signed


def test_changed_report(archive: Archive) -> None:
    messages = [problem.message for problem in verify(_rewrite(archive(), _forge))]
    assert "it is not the file that the manifest describes" in messages
    assert "the manifest says something else of this drill" in messages


def test_changed_report_with_new_hashes(archive: Archive) -> None:
    """Without a signature new hashes are possible, yet the list of drills must be changed too."""

    def forge(files: dict[str, bytes]) -> None:
        _forge(files)
        _rehashed(files)

    found = _found(_rewrite(archive(), forge))
    assert found == {f"{DRILL}/report.json": "the manifest says something else of this drill"}


def test_drill_taken_out_everywhere_but_in_the_list(archive: Archive) -> None:
    def forge(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith(DRILL)]:
            del files[name]
        _rehashed(files)

    assert "it is missing" in _found(_rewrite(archive(), forge))[f"{DRILL}/report.json"]


def test_drill_put_in_beside_the_list(archive: Archive) -> None:
    def forge(files: dict[str, bytes]) -> None:
        files["drills/another/report.json"] = files[f"{DRILL}/report.json"]
        _rehashed(files)

    found = _found(_rewrite(archive(), forge))
    assert "leaves it out" in found["drills/another/report.json"]


@pytest.mark.parametrize("path", [f"{DRILL}/report.html", "SHA256SUMS", "manifest.json"])
def test_missing_file(archive: Archive, path: str) -> None:
    found = _found(_rewrite(archive(), lambda files: files.pop(path)))
    assert "missing" in found[path]


def test_extra_file(archive: Archive) -> None:
    found = _found(_rewrite(archive(), lambda files: files.update({"more.txt": b"x"})))
    assert found["more.txt"] == "it is not in the manifest"


def test_changed_sums(archive: Archive) -> None:
    found = _found(_rewrite(archive(), lambda files: files.update(SHA256SUMS=b"")))
    assert list(found) == ["SHA256SUMS"]


def test_manifest_against_its_schema(archive: Archive) -> None:
    found = _found(_rewrite(archive(), lambda files: _rehashed(files, gaps="none")))
    assert "$.gaps" in found["manifest.json"]


def test_manifest_no_json(archive: Archive) -> None:
    found = _found(_rewrite(archive(), lambda files: files.update({"manifest.json": b"{"})))
    assert "no valid JSON" in found["manifest.json"]


def test_signed_manifest_changed(archive: Archive, key_pair: Keys) -> None:
    """The careful forger cannot make the signature."""

    def forge(files: dict[str, bytes]) -> None:
        _forge(files)
        _rehashed(files)

    path = _rewrite(archive(private_key=key_pair[0]), forge)
    found = _found(path, public_key=key_pair[1])
    assert found["manifest.dsse.json"] == "the signed manifest is not the one in the archive"


def test_signed_by_somebody_else(archive: Archive, key_pair: Keys) -> None:
    """An archive signed with any self-made key is not trusted."""
    path = archive(private_key=new_key_pair()[0])
    found = _found(path, public_key=key_pair[1])
    assert found == {"manifest.dsse.json": "no signature was made with this key"}


def test_key_id_decides_nothing(archive: Archive, key_pair: Keys) -> None:
    def rename(files: dict[str, bytes]) -> None:
        envelope = json.loads(files["manifest.dsse.json"])
        envelope["signatures"][0]["keyid"] = "somebody"
        files["manifest.dsse.json"] = json.dumps(envelope).encode()

    path = _rewrite(archive(private_key=key_pair[0]), rename)
    assert verify(path, public_key=key_pair[1]) == ()


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        (b"{", "no valid JSON"),
        (b'{"payloadType": "application/json"}', "something else"),
        (b'{"payload": "!!"}', "something else"),
    ],
)
def test_broken_envelope(archive: Archive, key_pair: Keys, envelope: bytes, said: str) -> None:
    path = _rewrite(
        archive(private_key=key_pair[0]),
        lambda files: files.update({"manifest.dsse.json": envelope}),
    )
    assert said in _found(path, public_key=key_pair[1])["manifest.dsse.json"]


def test_signature_demanded_and_missing(archive: Archive, key_pair: Keys) -> None:
    assert "not signed" in _found(archive(), public_key=key_pair[1])["manifest.dsse.json"]


def test_no_public_key(archive: Archive, key_pair: Keys) -> None:
    """A private key handed in by mistake is refused, and not shown."""
    with pytest.raises(Misconfigured, match="no Ed25519 public key") as caught:
        verify(archive(private_key=key_pair[0]), public_key=key_pair[0])
    assert "PRIVATE" not in str(caught.value)


def _zip(path: Path, *entries: tuple[zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for info, data in entries:
            file.writestr(info, data)
    return path


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../b", "C:evil", "a\\b", "a//b", ".hidden", "a b", "dir/"]
)
def test_unsafe_names(tmp_path: Path, name: str) -> None:
    info = zipfile.ZipInfo(name)
    info.filename = name
    path = _zip(tmp_path / "evidence.zip", (info, b""))
    assert "not a plain relative path" in " ".join(p.message for p in verify(path))


def test_link(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link" in _found(_zip(tmp_path / "evidence.zip", (info, b"/etc/passwd")))["link"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice(tmp_path: Path) -> None:
    """Two readers could see two different files."""
    twins = [(zipfile.ZipInfo("manifest.json"), data) for data in (b"{}", b"[]")]
    assert "twice" in _found(_zip(tmp_path / "evidence.zip", *twins))["manifest.json"]


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks beyond the limit is refused after that many bytes, whatever its header says."""
    monkeypatch.setattr(archive_module, "FILE_LIMIT", 10_000)
    path = tmp_path / "evidence.zip"
    path.write_bytes(pack({"manifest.json": b"0" * 5_000_000}))
    assert "larger than" in _found(path)["manifest.json"]
    lying = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), bytes([9, 0, 0, 0]))
    path.write_bytes(lying)
    assert "manifest.json" in _found(path)


def test_total_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "TOTAL_LIMIT", 10_000)
    path = tmp_path / "evidence.zip"
    path.write_bytes(pack({f"f{i}": b"0" * 4000 for i in range(4)}))
    assert "larger than allowed" in _found(path)["f3"]


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "ENTRY_LIMIT", 3)
    path = tmp_path / "evidence.zip"
    path.write_bytes(pack({f"f{i}": b"" for i in range(4)}))
    assert "more than 3 files" in _found(path)[""]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"#!/bin/sh\n" + data, "in front of the first file"),
        (lambda data: data[:-2] + b"\x03\x00abc", "comment"),
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda _: b"", "cannot be read"),
        (lambda _: b"not a zip" * 9, "cannot be read"),
    ],
)
def test_odd_archives(archive: Archive, change: Callable[[bytes], bytes], said: str) -> None:
    path = archive()
    path.write_bytes(change(path.read_bytes()))
    assert said in " ".join(problem.message for problem in verify(path))


def test_contents_of_what_is_no_archive(tmp_path: Path) -> None:
    """Nothing is said of what cannot be read; an envelope that is no JSON names nobody."""
    path = tmp_path / "evidence.zip"
    assert contents(path) is None
    path.write_bytes(pack({"manifest.json": b"{"}))
    assert contents(path) is None
    path.write_bytes(pack({"manifest.json": b"{}", "manifest.dsse.json": b"{"}))
    assert (contents(path).signed, contents(path).key_ids) == (True, ())


def test_report_in_it_no_report(archive: Archive) -> None:
    def forge(files: dict[str, bytes]) -> None:
        files[f"{DRILL}/report.json"] = b"{}"
        _rehashed(files)

    assert "required property" in _found(_rewrite(archive(), forge))[f"{DRILL}/report.json"]


def test_file_listed_twice(archive: Archive) -> None:
    def double(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["files"].append(manifest["files"][0])
        files["manifest.json"] = json.dumps(manifest).encode()

    messages = [problem.message for problem in verify(_rewrite(archive(), double))]
    assert "it lists a file twice" in messages


def test_no_manifest_at_all(tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(pack({"README.txt": b""}))
    assert _found(path) == {"manifest.json": "it is missing"}


def test_no_file(tmp_path: Path) -> None:
    assert "cannot be read" in _found(tmp_path / "nowhere.zip")[""]


def test_flipped_byte_in_any_file(archive: Archive) -> None:
    """One byte flipped in the middle of a file's stored data is noticed, in each of the files."""
    path = archive()
    whole = path.read_bytes()
    for info in zipfile.ZipFile(io.BytesIO(whole)).infolist():
        at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert info.filename in _found(path), info.filename
