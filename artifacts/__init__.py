"""Artifacts: collections, versions, aliases, tags, lineage, uploads. Their pages: `registries/views/collections.py`."""
