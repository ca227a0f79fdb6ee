"""The lab: a real control plane with a real Velero on this machine, for the tests marked `lab`."""
