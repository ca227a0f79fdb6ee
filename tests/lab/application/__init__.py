"""The application of the node lab: programs, images and manifests of a small shop."""
