"""The house as an application: its commands and its checks."""

from __future__ import annotations

from django.apps import AppConfig

from config import checks

__all__ = ["Config", "checks"]


class Config(AppConfig):
    name = "config"
