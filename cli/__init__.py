"""The command line: `manage.py serve` and what stands beside it."""
