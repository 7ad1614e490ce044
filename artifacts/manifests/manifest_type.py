"""What a list of files that a client sends is to its version."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ManifestType(models.TextChoices):
    """What the list of files that a client sends is to the version: W&B's `ArtifactManifestType`."""

    FULL = "full", _("All files of the version")
    INCREMENTAL = "incremental", _("What is added to the newest version")
    PATCH = "patch", _("What one of several runs adds")
