"""The adapters against local servers."""
