"""The WSGI entry point: what is dangerous refuses the start here too, whatever server it is."""

from __future__ import annotations

from common.processes import start_checks
from config import checked_wsgi, preload

application = checked_wsgi.application
start_checks.refuse_dangerous()
start_checks.warn_of_doubtful()
preload.start_background()
