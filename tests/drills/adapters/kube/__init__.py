"""The Kubernetes adapter against a scripted API server and the embedded one."""
