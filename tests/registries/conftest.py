"""What tests of registries may use."""

from __future__ import annotations

from tests.artifacts.making import event_types, model, production

__all__ = ["event_types", "model", "production"]
