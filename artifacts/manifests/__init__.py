"""Manifests: the list of the files of a version, read from a client, merged from several, and served."""
