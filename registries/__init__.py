"""Registries: collections of linked versions and who may see them; and the pages of all collections and versions."""
