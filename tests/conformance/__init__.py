"""The same questions to the embedded API server and to a real kube-apiserver."""
