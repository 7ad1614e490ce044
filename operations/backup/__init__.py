"""Backup and restore: all of an installation in one file, taken while it runs."""
