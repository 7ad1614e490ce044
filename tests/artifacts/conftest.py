"""What tests of artifacts may use."""

from __future__ import annotations

from tests.artifacts.making import known_event_types, model, production

__all__ = ["known_event_types", "model", "production"]
