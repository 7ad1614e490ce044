"""The WSGI entry point of `serve`, which has made the checks of the start before, once for all its processes.

It is loaded before these are forked: what goes on beside requests each of them starts by itself.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
preload.load_pages()
