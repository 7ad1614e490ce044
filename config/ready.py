"""Have a web process ready before its first request."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings


def load() -> None:
    """Load the code of every page, and tell the garbage collector that it stays.

    Else it goes through all of that now and then: for 100 ms, in which nobody is answered.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
