"""Artifact versions in their collections, of projects and of registries; uploads, files and lineage."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from artifacts import name_rules
from common.archived_rows import CanBeArchived
from common.data.fields import JSONTextField
from common.hidden_rows import CanBeHidden, ManyCanBeHidden, hidden_index, refuse_name_of_hidden
from common.own_addresses import with_prefix
from projects.models import Project, Run, StoredFile
from teams.models import Organization, Team, User


class Visibility(models.TextChoices):
    ORGANIZATION = "organization", _("Everyone in the organization")
    RESTRICTED = "restricted", _("Only its members")


class Registry(CanBeHidden, CanBeArchived):
    """A place for the collections of a whole organization, as a project is one for those of a team.

    The app `registries` says who may see and change it. Its row stands here because a collection's owner is a
    foreign key, and nothing here may point up.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="registries")
    name = models.CharField(max_length=64, validators=[name_rules.registry])
    description = models.TextField(null=True, blank=True, default="")  # None: none was ever said, as the SDK has it
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.ORGANIZATION)
    # The types of versions that may be linked; empty: any.
    types = JSONTextField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = _("registries")
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_registry_per_organization_and_name")
        ]

    def __str__(self) -> str:
        return f"{self.organization}/{self.name}"

    def clean(self) -> None:
        refuse_name_of_hidden(self, organization=self.organization_id, name=self.name)

    def get_absolute_url(self) -> str:
        return with_prefix(f"/registry/{self.organization.name}/{quote(self.name)}")

    @property
    def project_name(self) -> str:
        """What W&B calls it: there a registry is a project of the organization."""
        return f"wandb-registry-{self.name}"

    @property
    def scopes(self) -> list[str]:
        """Where things that happen here happen, widest last. No team: the organization owns it."""
        return [f"registry:{self.pk}", f"organization:{self.organization_id}"]


class Collection(ManyCanBeHidden):
    """Versions of one artifact, numbered. Of a project or of a registry.

    Where it `holds_links`, versions of other collections are linked into it; else they are made in it.
    `next_index` only grows, so that `v3` never means another version later. Its row is the lock of all that is in it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="collections")
    registry = models.ForeignKey(Registry, on_delete=models.CASCADE, null=True, blank=True, related_name="collections")
    name = models.CharField(max_length=128, validators=[name_rules.collection])
    type = models.CharField(max_length=128, validators=[name_rules.kind])
    description = models.TextField(null=True, blank=True)
    holds_links = models.BooleanField(default=False)
    next_index = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(project__isnull=False, registry__isnull=True)
                | Q(project__isnull=True, registry__isnull=False, holds_links=True),
                name="one_owner_per_collection",
            ),
            models.UniqueConstraint(fields=["project", "name"], name="one_collection_per_project_and_name"),
            models.UniqueConstraint(fields=["registry", "name"], name="one_collection_per_registry_and_name"),
        ]
        indexes = [hidden_index("collection")]

    def __str__(self) -> str:
        return f"{self.entity_name}/{self.project_name}/{self.name}"

    def get_absolute_url(self) -> str:
        # In a project as W&B has it: its SDK prints such addresses.
        inner = "collections" if self.project is None else f"artifacts/{quote(self.type)}"
        return f"{self.owner.get_absolute_url()}/{inner}/{quote(self.name)}"

    @property
    def owner(self) -> Project | Registry:
        # The constraint one_owner_per_collection: there is always one.
        return cast("Project | Registry", self.project or self.registry)

    @property
    def entity_name(self) -> str:
        """The team, or for a registry the organization."""
        return self.project.team.name if self.project else str(self.registry and self.registry.organization.name)

    @property
    def project_name(self) -> str:
        return self.project.name if self.project else str(self.registry and self.registry.project_name)

    @property
    def scopes(self) -> list[str]:
        """Where things that happen here happen, widest last.

        What the wandb SDK makes by itself (a logged table, say) is no news to a whole project.
        """
        own = f"collection:{self.pk}"
        return [own] if name_rules.is_made_silently(self.type) else [own, *self.owner.scopes]

    @property
    def stream_key(self) -> str:
        return f"collection:{self.pk}"

    @property
    def tag_names(self) -> list[str]:
        return sorted(tag.name for tag in self.tags.all())


class Version(ManyCanBeHidden):
    """What was made once: its digest and metadata, wherever it is linked. `index` counts where it was made."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="versions")
    index = models.PositiveIntegerField()
    digest = models.CharField(max_length=128)
    description = models.TextField(null=True, blank=True)
    metadata = JSONTextField(default=dict)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="versions")
    # What its client says of it, and the file that says which files it has.
    history_step = models.BigIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    file_count = models.PositiveIntegerField(default=0)
    manifest = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # The time to live: artifacts.time_to_live. When it is over, if it ever is; and whether the team's default decides.
    expires_at = models.DateTimeField(null=True, blank=True)
    ttl_is_inherited = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "digest"],
                condition=Q(deletion__isnull=True),
                name="one_version_per_collection_and_digest",
            ),  # fmt: skip
            models.UniqueConstraint(fields=["collection", "index"], name="one_version_per_collection_and_index"),
        ]
        indexes = [
            # artifacts.time_to_live: what is over.
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="version_expires"),
            hidden_index("version"),
        ]

    def __str__(self) -> str:
        return f"{self.collection}:v{self.index}"

    @property
    def ttl_seconds(self) -> int | None:
        """How long it lives from when it was made; None: for good."""
        return None if self.expires_at is None else round((self.expires_at - self.created_at).total_seconds())

    @property
    def team(self) -> Team:
        """The team it was made in. Versions are made in projects only: services.create_version."""
        return cast(Project, self.collection.project).team

    @property
    def is_of_hidden_project(self) -> bool:
        """Whether the project it was made in is being deleted: it is read where it is linked, and leads nowhere."""
        return cast(Project, self.collection.project).deletion_id is not None


class Entry(ManyCanBeHidden):
    """A version in a collection, with the number, the aliases and the tags it has there.

    A version has one in the collection it was made in, and one in each it is linked into.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="entries")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="entries")
    index = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["collection", "version"], name="one_entry_per_collection_and_version"),
            models.UniqueConstraint(fields=["collection", "index"], name="one_entry_per_collection_and_index"),
        ]
        indexes = [
            # registries.version_listing: the newest of a collection first.
            models.Index(fields=["collection", "-id"], name="entry_newest"),
            hidden_index("entry"),
        ]

    def __str__(self) -> str:
        return f"{self.collection}:v{self.index}"

    def get_absolute_url(self) -> str:
        return f"{self.collection.get_absolute_url()}/v{self.index}"

    @property
    def alias_names(self) -> list[str]:
        return sorted(alias.name for alias in self.aliases.all())

    @property
    def tag_names(self) -> list[str]:
        return sorted(tag.name for tag in self.tags.all())


class Alias(ManyCanBeHidden):
    """A name that stands for one version of a collection at a time, and moves, also from one that is hidden."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="aliases")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=name_rules.LONGEST)

    class Meta:
        verbose_name_plural = _("aliases")
        constraints = [models.UniqueConstraint(fields=["collection", "name"], name="one_alias_per_collection_and_name")]
        indexes = [hidden_index("alias")]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word on a version in one collection; many versions may have the same."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=name_rules.LONGEST)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "name"], name="one_tag_per_entry_and_name")]

    def __str__(self) -> str:
        return self.name


class CollectionTag(models.Model):
    """A word on a collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=name_rules.LONGEST)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "name"], name="one_tag_per_collection_and_name")]

    def __str__(self) -> str:
        return self.name


class DeletedArtifact(models.Model):
    """That a version or a collection was there: who could see it is told that it is deleted, and where it was.

    Of a collection `version_id` is None. What was linked into registries is told to who may see one of them.
    """

    collection_id = models.BigIntegerField()
    version_id = models.BigIntegerField(null=True)
    version_index = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=128)
    type = models.CharField(max_length=128)
    holds_links = models.BooleanField(default=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="+")
    registries = models.ManyToManyField(Registry, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version_id"], name="one_deleted_row_per_version"),
            models.UniqueConstraint(
                fields=["collection_id"], condition=Q(version_id=None), name="one_deleted_row_per_collection"
            ),
        ]

    def __str__(self) -> str:
        return self.name if self.version_id is None else f"{self.name}:v{self.version_index}"


class ManifestType(models.TextChoices):
    """What the list of files that a client sends is to the version: W&B's `ArtifactManifestType`."""

    FULL = "full", _("All files of the version")
    INCREMENTAL = "incremental", _("What is added to the newest version")
    PATCH = "patch", _("What one of several runs adds")


class Upload(models.Model):
    """A version that a client is sending: nobody sees it before it is committed. Then `version` is what it became.

    `client_id` is how the client calls it, before and after. Its aliases and tags are told of when it is committed.
    Those of one `distributed_id` that are not committed yet become one version together.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="uploads")
    client_id = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=128)
    description = models.TextField(null=True, blank=True)
    metadata = JSONTextField(default=dict)
    aliases = JSONTextField(default=list)
    tags = JSONTextField(default=list)
    history_step = models.BigIntegerField(null=True)
    # 0: for good; None: as the team has it.
    ttl_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    # The MD5 of the file that says which files there are.
    manifest_md5 = models.CharField(max_length=32, blank=True)
    manifest_type = models.CharField(max_length=11, choices=ManifestType.choices, default=ManifestType.FULL)
    distributed_id = models.CharField(max_length=255, blank=True)
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
        indexes = [
            # artifacts.uploads: the parts of a distributed artifact that no version holds yet.
            models.Index(
                fields=["collection", "distributed_id"],
                condition=Q(version__isnull=True) & ~Q(distributed_id=""),
                name="upload_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.digest}"

    @property
    def team(self) -> Team:
        return cast(Project, self.collection.project).team


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


class TimeToLivePolicy(models.Model):
    """A team's rule on the time to live of its versions: the default, and who may set another."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="+")
    # None: for good.
    default_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    members_may_set = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = _("time to live policies")

    def __str__(self) -> str:
        return f"{self.team} {self.default_seconds}"


class Use(models.Model):
    """A run that used a version."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="uses")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="uses")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "version"], name="one_use_per_run_and_version")]

    def __str__(self) -> str:
        return f"{self.run} used {self.version}"
