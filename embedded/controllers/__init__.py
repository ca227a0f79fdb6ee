"""Simulated controllers: what kube-controller-manager, a scheduler and a kubelet would do."""
