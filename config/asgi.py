"""The ASGI entry point."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from common.processes import start_checks
from config import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
start_checks.refuse_dangerous()
start_checks.warn_of_doubtful()
preload.load()
