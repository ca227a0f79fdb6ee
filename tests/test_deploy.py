"""What is shipped beside the code: manifests, image, make targets, documents."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenarios import load_scenario

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"


def manifests() -> list[dict[str, Any]]:
    """Return every object of deploy/."""
    files = sorted(DEPLOY.glob("*.yaml"))
    return [doc for file in files for doc in yaml.safe_load_all(file.read_text()) if doc]


def one(kind: str, name: str) -> dict[str, Any]:
    """Return the object of that kind and name."""
    (found,) = [
        m for m in manifests() if m["kind"] == kind and m.get("metadata", {}).get("name") == name
    ]
    return found


def test_the_cron_job_drills_each_monday() -> None:
    """Mondays at six, one at a time, never retried, with a deadline beyond the drill's own."""
    spec = one("CronJob", "restore-drill")["spec"]
    job = spec["jobTemplate"]["spec"]
    assert spec["schedule"] == "0 6 * * 1"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert job["backoffLimit"] == 0
    (name,) = [path.name for path in (DEPLOY / "scenarios").glob("*.yaml")]
    scenario = load_scenario(DEPLOY / "scenarios" / name, {})
    drill = scenario.restore.deadline + scenario.restore.cleanup_deadline
    assert job["activeDeadlineSeconds"] > drill.total_seconds()
    pod = job["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= scenario.restore.cleanup_deadline.total_seconds()
    assert pod["containers"][0]["args"] == ["run", f"/scenarios/{name}"]


def test_the_pod_is_confined() -> None:
    """Not root, read-only, no capabilities, nothing gained."""
    pod = one("CronJob", "restore-drill")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["readOnlyRootFilesystem"] is True
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_the_prober_is_our_own_image() -> None:
    """What the node has pulled for the runner proves the isolation too."""
    pod = one("CronJob", "restore-drill")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["DRILL_PROBER_IMAGE"] == container["image"]


def test_no_cluster_wide_reach_into_namespaces() -> None:
    """Cluster-wide the runner may neither read Secrets nor touch anything inside a namespace."""
    rules = one("ClusterRole", "restore-drill-runner")["rules"]
    reach = {resource for rule in rules for resource in rule["resources"]}
    assert reach == {
        "namespaces",
        "rolebindings",
        "clusterroles",
        "persistentvolumes",
        "volumesnapshotcontents",
        "leases",
        "storageclasses",
        "ingressclasses",
        "priorityclasses",
        "runtimeclasses",
        "nodes",
    }
    readable = {"nodes", "leases"}
    assert all(
        set(rule["verbs"]) <= {"get", "list"}
        for rule in rules
        if readable & set(rule["resources"]) or rule["resources"][0].endswith("classes")
    )
    (contents,) = [rule for rule in rules if "volumesnapshotcontents" in rule["resources"]]
    assert set(contents["verbs"]) == {"get", "list", "watch", "delete"}
    (bind,) = [rule for rule in rules if "bind" in rule["verbs"]]
    assert bind["resourceNames"] == ["restore-drill-sandbox"]
    bound = [
        m
        for m in manifests()
        if m["kind"].endswith("Binding")
        and m.get("roleRef", {}).get("name") == bind["resourceNames"][0]
    ]
    assert bound == []


@pytest.mark.parametrize("folder", [DEPLOY, DEPLOY / "recording"], ids=["drill", "recording"])
def test_everything_is_in_the_kustomization(folder: Path) -> None:
    """No manifest is forgotten; rights in production are in no kustomization but their own."""
    listed = set(yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"])
    assert listed == {p.name for p in folder.glob("*.yaml")} - {"kustomization.yaml"}


def test_the_recorder_only_reads_and_is_nobody_else() -> None:
    """Its account is bound in production alone, and the drill's account is not bound there."""
    folder = DEPLOY / "recording"
    made = [doc for p in folder.glob("*.yaml") for doc in yaml.safe_load_all(p.read_text())]
    (role,) = [one for one in made if one["kind"] == "Role"]
    (binding,) = [one for one in made if one["kind"] == "RoleBinding"]
    (job,) = [one for one in made if one["kind"] == "CronJob"]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "production"
    assert [each["name"] for each in binding["subjects"]] == [pod["serviceAccountName"]]
    assert pod["serviceAccountName"] != "restore-drill"
    asking = {"pods/exec", "pods/portforward"}
    for rule in role["rules"]:
        assert set(rule["verbs"]) <= (
            {"get", "create"} if asking & set(rule["resources"]) else {"get", "list"}
        )
        assert "secrets" not in rule["resources"] or rule["resourceNames"]
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_the_image_is_small_in_rights() -> None:
    """Two stages, pinned requirements, a user of its own, and our own `runner` alone."""
    text = (ROOT / "Dockerfile").read_text()
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2
    assert "--require-hashes" in text
    assert re.search(r"^USER 65532", text, re.MULTILINE)
    assert '"-P", "-m", "runner"' in text


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")))
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link in a document names a file that is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_readme_commands_exist() -> None:
    """Every make target and command that the README names is there."""
    text = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)`", text)) <= targets
    first_block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert first_block is not None
    assert first_block.group(1).strip() == "make quickstart"


def test_requirements_are_pinned_with_hashes() -> None:
    """Each requirement names one version, and no registry is written down."""
    for name in ("runtime.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pinned = re.findall(r"^([a-z0-9._-]+)(==|.)", text, re.MULTILINE | re.IGNORECASE)
        assert all(sign == "==" for _, sign in pinned)
        assert "://" not in text


def test_comparing_lists_and_never_reads_a_secret() -> None:
    """Whoever may list Secrets may read them, so the Role leaves them out."""
    text = (DEPLOY / "comparing" / "rbac.yaml").read_text()
    role, binding = yaml.safe_load_all(text)
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list"}
    core = [rule["resources"] for rule in role["rules"] if "" in rule["apiGroups"]]
    assert core
    assert not {"*", "secrets"} & {word for words in core for word in words}
    assert all("*" not in rule["apiGroups"] for rule in role["rules"])
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == one("RoleBinding", "restore-drill-velero")["subjects"]
