"""Jobs and CronJobs: a Job's pods succeed at once; a CronJob only shows that it would have fired.

In: names of Jobs and CronJobs. Out: pods of Jobs, marked as simulated, and statuses. A CronJob
that is not suspended gets `lastScheduleTime`, so the hazard of restoring one shows, and starts
nothing.
"""

from embedded.api_errors import ApiError
from embedded.controllers.conditions import condition, timed, without_zeros
from embedded.controllers.context import Context
from embedded.controllers.ownership import dependents, is_active
from embedded.controllers.pod_status import SIMULATED
from embedded.controllers.pod_templates import pod_from
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section


def sync_job(context: Context, namespace: str, name: str) -> None:
    """Start a Job's pods, or see that enough of them have succeeded."""
    found = context.objects.peek("jobs.batch", namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"] or _is_over(found):
        return
    pods = dependents(context, found, "pods")
    spec = section(found, "spec")
    succeeded = sum(section(pod, "status").get("phase") == "Succeeded" for pod in pods)
    active = sum(is_active(pod) for pod in pods)
    wanted = _number(spec, "completions")
    if spec.get("suspend"):
        _write(context, found, {}, condition("Suspended", holds=True, reason="JobSuspended"))
        return
    if succeeded >= wanted:
        done = condition("Complete", holds=True, reason="CompletionsReached")
        status = {"succeeded": succeeded, "completionTime": context.timestamp()}
        _write(context, found, status, done)
        return
    missing = min(_number(spec, "parallelism"), wanted - succeeded) - active
    active += _start(context, found, missing)
    _write(context, found, {"active": active, "succeeded": succeeded})


def _number(spec: JsonObject, key: str) -> int:
    """Return a count; none given means one, and zero means zero."""
    value = spec.get(key)
    return 1 if value is None else int(value)


def sync_cron_job(context: Context, namespace: str, name: str) -> None:
    """Show on a CronJob that is not suspended that it would fire."""
    found = context.objects.peek("cronjobs.batch", namespace, name)
    if found is None or section(found, "spec").get("suspend"):
        return
    if not section(found, "status").get("lastScheduleTime"):
        status = {"lastScheduleTime": context.timestamp()}
        context.objects.set_status("cronjobs.batch", namespace, name, status)


def _is_over(job: JsonObject) -> bool:
    return any(
        one.get("type") in {"Complete", "Failed"} and one.get("status") == "True"
        for one in items(job, "status", "conditions")
    )


def _start(context: Context, job: JsonObject, missing: int) -> int:
    """Create missing pods; return how many were."""
    uid = job["metadata"]["uid"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name_of(job),
        "controller-uid": uid,
        "job-name": name_of(job),
    }
    for number in range(missing):
        pod = pod_from(job, labels=labels)
        pod["metadata"]["annotations"][SIMULATED] = "true"
        try:
            context.objects.create("pods", pod)
        except ApiError:
            return number  # refused, by a quota for instance; the Job stays active
    return max(missing, 0)


def _write(
    context: Context, job: JsonObject, counts: JsonObject, outcome: JsonObject | None = None
) -> None:
    before = section(job, "status")
    status = {"startTime": before.get("startTime") or context.timestamp(), **without_zeros(counts)}
    if outcome is not None:
        status["conditions"] = timed(job, [outcome], context.timestamp())
    context.objects.set_status("jobs.batch", namespace_of(job), name_of(job), status)
