"""Preloading: have a web process ready before its first request."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings
from django.urls import get_resolver


def load() -> None:
    """Load the code of every page, and start what goes on beside requests."""
    load_pages()
    start_background()


def start_background() -> None:
    """Start what goes on beside requests. In the process that serves: threads do not survive a fork."""
    # By its name: it stands on models, which are there once Django is set up.
    import_module("operations.monitoring.web_background").start()


def load_pages() -> None:
    """Load the code of every page, and tell the garbage collector that it stays.

    Else it goes through all of that now and then: for 100 ms, in which nobody is answered.
    """
    import_module(settings.ROOT_URLCONF)
    # The first pages that name addresses would each make this table, all at once.
    assert get_resolver().reverse_dict is not None
    gc.collect()
    gc.freeze()
