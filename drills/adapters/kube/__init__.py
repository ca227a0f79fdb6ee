"""The Cluster port over the official Kubernetes client.

In: which kubeconfig context, or the pod's own service account. Out: a `KubeCluster`.

From the official client come configuration, authentication plugins and TLS (`ApiClient`); the
requests themselves are raw paths. Typed APIs cost half a second of imports on the first call,
and the dynamic client reads every API group before its first answer and leaves a cache file in
the shared temporary folder; asking discovery for just the group that is needed is fewer requests
and leaves nothing behind.

Importing this package imports `kubernetes` (about 0.15 s), so only commands that talk to a
cluster do so.
"""

from drills.adapters.kube.cluster import KubeCluster
from drills.adapters.kube.connect import connect_cluster

__all__ = ["KubeCluster", "connect_cluster"]
