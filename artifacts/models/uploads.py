"""What clients send of versions, and what of it is kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from artifacts.models.collections import Collection, Version
from common.fields import JSONTextField
from projects.models import Run, StoredFile
from teams.models import User


class Upload(models.Model):
    """A version that a client is sending: nobody sees it before it is committed. Then `version` is what it became.

    `client_id` is how the client calls it, before and after. Its aliases and tags are told of when it is committed.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="uploads")
    client_id = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    metadata = JSONTextField(default=dict)
    aliases = JSONTextField(default=list)
    tags = JSONTextField(default=list)
    history_step = models.BigIntegerField(null=True)
    # The MD5 of the file that says which files there are.
    manifest_md5 = models.CharField(max_length=32, blank=True)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="uploads")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, null=True, related_name="uploads")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "client_id"], condition=~Q(client_id=""), name="one_upload_per_client_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.digest}"


class VersionFile(models.Model):
    """A file of a version by its path: one whose content is kept here or was not kept, or a reference elsewhere."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=1024)
    # As the manifest has it: an MD5 in base64, or an ETag or the like of what is referred to.
    digest = models.CharField(max_length=1024, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    reference = models.TextField(blank=True)
    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="one_file_per_version_and_path")]

    def __str__(self) -> str:
        return f"{self.version} {self.path}"


class Use(models.Model):
    """A run that used a version."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="uses")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="uses")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "version"], name="one_use_per_run_and_version")]

    def __str__(self) -> str:
        return f"{self.run} used {self.version}"
