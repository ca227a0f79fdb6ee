"""The shop of the node lab, as far as it can be looked at without a node."""

import hashlib
import tarfile
from pathlib import Path

import pytest
import yaml

import scenarios
from tests.lab import parts
from tests.lab.application import recipes, roots
from tests.lab.node import images

APPLICATION = parts.LAB / "application"
SCENARIO = parts.LAB.parents[1] / "scenarios" / "lab-shop.yaml"


def _objects() -> list[dict[str, object]]:
    files = sorted(APPLICATION.glob("*.yaml"))
    return [found for file in files for found in yaml.safe_load_all(file.read_text())]


def test_every_image_that_a_manifest_or_the_scenario_names_is_made_here() -> None:
    made = {image.name for image in (*recipes.IMAGES, *images.OWN)}
    texts = [file.read_text() for file in (*APPLICATION.glob("*.yaml"), SCENARIO)]
    named = {
        word.strip()
        for text in texts
        for line in text.splitlines()
        if (word := line.partition("image: ")[2].strip('"}'))
    }
    assert named <= made
    assert named >= {image.name for image in recipes.IMAGES}


def test_the_scenario_is_valid_and_drills_what_the_schedule_backs_up() -> None:
    spec = scenarios.load_scenario(SCENARIO, {}).restore
    (schedule,) = [found for found in _objects() if found["kind"] == "Schedule"]
    assert sorted(spec.namespaces) == schedule["spec"]["template"]["includedNamespaces"]  # type: ignore[index]


def test_the_application_has_what_makes_a_careless_restore_harmful() -> None:
    """The kinds that a realistic shop has; each is a pitfall somewhere."""
    kinds = {str(found["kind"]) for found in _objects()}
    assert kinds >= {
        *("StatefulSet", "Deployment", "CronJob", "Job", "HorizontalPodAutoscaler", "Ingress"),
        *("PodDisruptionBudget", "NetworkPolicy", "Role", "RoleBinding", "ClusterRoleBinding"),
        *("ServiceAccount", "Secret", "ConfigMap", "CustomResourceDefinition", "Shop"),
    }


def test_a_root_holds_a_program_with_its_libraries(tmp_path: Path) -> None:
    """Copied `ldd` by `ldd`: what is missing shows only when a container starts."""
    roots.add_python(tmp_path, ["six"])
    assert (tmp_path / "usr/local/bin/python3").stat().st_mode & 0o111
    assert list((tmp_path / "lib").glob("libc.so*"))
    assert list((tmp_path / "usr/local/lib").glob("python3.*/site-packages/six.py"))
    assert list((tmp_path / "usr/local/lib").glob("python3.*/site-packages/six-*/METADATA"))


def test_an_image_is_made_once_for_each_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "program.py"
    source.write_text("print('one')")

    def fill(root: Path) -> None:
        roots.write(root, "program.py", source.read_text())

    image = recipes.Image(name="lab.local/one:1", file="one", fill=fill, sources=(source,))
    monkeypatch.setattr(recipes, "IMAGES", (image,))
    monkeypatch.setattr(recipes, "ARCHIVES", tmp_path / "images")
    assert recipes.build_images() == ("lab.local/one:1",)
    assert recipes.build_images() == ()
    before = hashlib.sha256(image.path.read_bytes()).hexdigest()
    source.write_text("print('two')")
    assert recipes.build_images() == ("lab.local/one:1",)
    assert hashlib.sha256(image.path.read_bytes()).hexdigest() != before
    with tarfile.open(image.path) as tar:
        assert "index.json" in tar.getnames()
