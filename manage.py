#!/usr/bin/env python
"""Runbell's command line."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A sentence that names the setting; where it was read is of no use to whoever wrote the value.
        sys.exit(f"Runbell does not start: {error}")
