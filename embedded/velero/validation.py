"""Whether a Restore can be run at all (velero v1.18, pkg/controller/restore_controller.go).

In: a new Restore. Out: its spec completed as the server completes it, the backup, the location and
the modifiers, or the reasons that make it FailedValidation.
"""

from dataclasses import dataclass, field

from embedded.json_objects import JsonObject, copied_object, items, name_of, section
from embedded.objects import Objects
from embedded.velero import NAMESPACE
from embedded.velero.filters import NON_RESTORABLE, list_problems
from embedded.velero.globs import name_problem
from embedded.velero.modifiers import Modifiers, ModifiersRefused, parse_modifiers

SCHEDULE_LABEL = "velero.io/schedule-name"
_POLICIES = frozenset({"", "none", "update"})


@dataclass(slots=True, kw_only=True)
class Validated:
    """The outcome of validation.

    Attributes:
        spec: the completed spec.
        problems: why the Restore is refused; empty when it may run.
        backup: the backup, when found.
        modifiers: the resource modifiers, when asked for.
    """

    spec: JsonObject
    problems: list[str] = field(default_factory=list)
    backup: JsonObject | None = None
    modifiers: Modifiers | None = None


def validate(objects: Objects, restore: JsonObject) -> Validated:
    """Return the outcome of validating a new Restore."""
    spec = copied_object(section(restore, "spec"))
    made = Validated(spec=spec)
    excluded = items(spec, "excludedResources")
    spec["excludedResources"] = [
        *excluded,
        *(one for one in NON_RESTORABLE if one not in excluded),
    ]
    made.problems += _form_problems(spec)
    if bool(spec.get("backupName")) == bool(spec.get("scheduleName")):
        made.problems.append(
            "Either a backup or schedule must be specified as a source for the restore, "
            "but not both"
        )
        return made
    if str(spec.get("existingResourcePolicy") or "") not in _POLICIES:
        made.problems.append(f"Invalid ExistingResourcePolicy: {spec['existingResourcePolicy']}")
    if spec.get("scheduleName") and not _complete_from_schedule(objects, made):
        return made
    if _find_backup(objects, made):
        _find_modifiers(objects, made)
    spec.setdefault("itemOperationTimeout", "4h0m0s")
    return made


def _form_problems(spec: JsonObject) -> list[str]:
    included = items(spec, "includedResources")
    problems = [f"{one} are non-restorable resources" for one in NON_RESTORABLE if one in included]
    for what in ("Resources", "Namespaces"):
        word = "resource" if what == "Resources" else "namespace"
        problems += [
            f"Invalid included/excluded {word} lists: {problem}"
            for problem in list_problems(
                items(spec, f"included{what}"), items(spec, f"excluded{what}")
            )
        ]
    problems += [
        f"Invalid included/excluded namespace lists: {problem}"
        for key in ("includedNamespaces", "excludedNamespaces")
        for problem in map(name_problem, sorted(set(items(spec, key))))
        if problem
    ]
    if spec.get("orLabelSelectors") and spec.get("labelSelector"):
        problems.append(
            "encountered labelSelector as well as orLabelSelectors in restore spec, only one can "
            "be specified"
        )
    return problems


def _complete_from_schedule(objects: Objects, made: Validated) -> bool:
    """Fill in the schedule's newest Completed backup; return whether there is one."""
    label = f"{SCHEDULE_LABEL}={made.spec['scheduleName']}"
    backups = objects.all("backups.velero.io", NAMESPACE, labels=label)
    if not backups:
        made.problems.append("No backups found for schedule")
    completed = [one for one in backups if section(one, "status").get("phase") == "Completed"]
    if not completed:
        made.problems.append("No completed backups found for schedule")
        return False
    newest = max(completed, key=lambda one: str(section(one, "status").get("startTimestamp", "")))
    made.spec["backupName"] = name_of(newest)
    return True


def _find_backup(objects: Objects, made: Validated) -> bool:
    """Find backup and location; return whether both can be used."""
    name = made.spec["backupName"]
    made.backup = objects.get("backups.velero.io", NAMESPACE, name)
    if made.backup is None:
        made.problems.append(
            f"Error retrieving backup: can't find backup {NAMESPACE}/{name}: "
            f'backups.velero.io "{name}" not found'
        )
        return False
    location_name = str(section(made.backup, "spec").get("storageLocation"))
    location = objects.peek("backupstoragelocations.velero.io", NAMESPACE, location_name)
    if location is None:
        made.problems.append(
            f'Error retrieving backup: backupstoragelocations.velero.io "{location_name}" not found'
        )
        return False
    if section(location, "status").get("phase") != "Available":
        made.problems.append(f"The BSL {location_name} is unavailable, cannot retrieve the backup")
        return False
    schedule = section(made.backup, "metadata", "labels").get(SCHEDULE_LABEL)
    if schedule and not made.spec.get("scheduleName"):
        made.spec["scheduleName"] = schedule
    return True


def _find_modifiers(objects: Objects, made: Validated) -> None:
    reference = section(made.spec, "resourceModifier")
    if str(reference.get("kind", "")).lower() != "configmap":
        return
    name = str(reference.get("name"))
    config_map = objects.get("configmaps", NAMESPACE, name)
    if config_map is None:
        made.problems.append(f"failed to get resource modifiers configmap {NAMESPACE}/{name}")
        return
    try:
        made.modifiers = parse_modifiers(config_map)
    except ModifiersRefused as problem:
        made.problems.append(str(problem))
