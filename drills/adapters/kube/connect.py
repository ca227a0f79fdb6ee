"""From a kubeconfig, or the pod's own service account, to a KubeCluster.

In: context and kubeconfig path, or in-cluster. Out: a KubeCluster; raises Misconfigured with what
to do, naming the contexts that exist. No request is made here, but an authentication plugin named
by the kubeconfig may run.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from drills import objects
from drills.adapters.clock import SystemClock
from drills.adapters.kube.cluster import KubeCluster
from drills.adapters.kube.watching import Timing
from drills.adapters.kube.wire import POOL_CONNECTIONS, Wire
from drills.cluster import PATIENCE_SECONDS
from drills.errors import Misconfigured
from drills.ports import Clock

DEFAULT_KUBECONFIG = "~/.kube/config"


def connect_cluster(
    *,
    context: str | None = None,
    kubeconfig: str | None = None,
    in_cluster: bool = False,
    clock: Clock | None = None,
    patience: float = PATIENCE_SECONDS,
    timing: Timing | None = None,
) -> KubeCluster:
    """Return the cluster; `patience` is how many seconds an absent API server is waited for.

    Without `kubeconfig` the environment's KUBECONFIG counts, then `~/.kube/config`.
    """
    load: Callable[[Any], None]
    if in_cluster:
        load = _load_service_account
    else:
        paths = kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
        load = _kubeconfig_loader(paths, context)
    configuration = client.Configuration()
    load(configuration)
    configuration.connection_pool_maxsize = POOL_CONNECTIONS
    configuration.keep_alive = True
    wire = Wire(configuration, lambda: load(configuration))
    return KubeCluster(wire, clock or SystemClock(), patience=patience, timing=timing)


def _load_service_account(configuration: Any) -> None:  # noqa: ANN401 - untyped library
    try:
        config.load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise Misconfigured(
            f"not inside a cluster: {error}",
            hint="run in a pod with a mounted service account token, "
            "or name a kubeconfig context instead of inCluster",
        ) from error


def _kubeconfig_loader(paths: str, context: str | None) -> Callable[[Any], None]:
    def load(configuration: Any) -> None:  # noqa: ANN401 - untyped library
        documents = _read(paths)
        names = _names(documents, "contexts")
        _check_context(paths, context or _current(documents), names)
        try:
            config.load_kube_config(
                config_file=paths,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
        except (ConfigException, OSError, ValueError) as error:
            raise Misconfigured(
                f"kubeconfig {paths}: {error}",
                hint=f"correct it, or choose another context: {_listed(names)}",
            ) from error
        _check_plugin(documents, context or _current(documents), configuration)

    return load


def _read(paths: str) -> tuple[objects.KubeObject, ...]:
    existing = [
        path
        for part in paths.split(os.pathsep)
        if part and (path := Path(part).expanduser()).is_file()
    ]
    if not existing:
        raise Misconfigured(
            f"no kubeconfig at {paths}",
            hint="give its path, set KUBECONFIG, or use --embedded to drill without a cluster",
        )
    try:
        return tuple(objects.mapping(yaml.safe_load(path.read_text())) for path in existing)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(
            f"kubeconfig {paths} cannot be read: {type(error).__name__}",
            hint="check with `kubectl config view`",
        ) from error


def _check_context(paths: str, context: str, names: tuple[str, ...]) -> None:
    if context in names:
        return
    trouble = f"has no context {context!r}" if context else "has no current-context"
    raise Misconfigured(
        f"kubeconfig {paths} {trouble}", hint=f"contexts that exist: {_listed(names)}"
    )


def _check_plugin(
    documents: tuple[objects.KubeObject, ...],
    context: str,
    configuration: Any,  # noqa: ANN401 - untyped library
) -> None:
    """Refuse to go on without credentials: the client only logs that a plugin failed."""
    if configuration.api_key or configuration.cert_file:
        return
    user = objects.text(_entry(documents, "contexts", context), "context", "user")
    command = objects.text(_entry(documents, "users", user), "user", "exec", "command")
    if command:
        raise Misconfigured(
            f"context {context}: authentication plugin {command!r} gave no credentials",
            hint=f"run `kubectl --context {context} get namespaces` and mend what it says",
        )


def _entry(documents: tuple[objects.KubeObject, ...], section: str, name: str) -> object:
    for document in documents:
        for entry in objects.items(document, section):
            if objects.text(entry, "name") == name:
                return entry
    return {}


def _names(documents: tuple[objects.KubeObject, ...], section: str) -> tuple[str, ...]:
    return tuple(
        objects.text(entry, "name")
        for document in documents
        for entry in objects.items(document, section)
    )


def _current(documents: tuple[objects.KubeObject, ...]) -> str:
    """Return the current context; of several files the last that names one counts here too."""
    named = [objects.text(document, "current-context") for document in documents]
    return next((name for name in reversed(named) if name), "")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(sorted(set(names))) or "none"
