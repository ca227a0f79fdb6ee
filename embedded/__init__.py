"""A Kubernetes API, a Velero server and an S3 store in one process."""
