from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        # Before any process is forked: they share it.
        import_module("events.wake_ups.shared_pace")
