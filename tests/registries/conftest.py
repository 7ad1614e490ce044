"""What tests of registries may use."""

from __future__ import annotations

from tests.artifacts.making import known_event_types, model, production

__all__ = ["known_event_types", "model", "production"]
