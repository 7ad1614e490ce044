"""People, the teams they work in, and the keys of their scripts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import names
from common.fields import JSONTextField


class Role(models.TextChoices):
    """What a person may do in a team. Each includes what stands below it."""

    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")


class User(AbstractUser):
    """A person, or a service account: one that scripts use and that cannot sign in."""

    is_service = models.BooleanField(_("service account"), default=False)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Such as Europe/Berlin; empty: the browser's.")
    )


class Organization(models.Model):
    name = models.CharField(max_length=64, unique=True, validators=[names.slug])
    admins = models.ManyToManyField(User, related_name="organizations", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """The owner of projects, secrets and webhooks; W&B calls it an entity."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=64, unique=True, validators=[names.slug, names.not_reserved])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # What was laid out for a new team to look at, and which first steps it is shown: config.sample, config.first_steps.
    sample = JSONTextField(default=dict, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/{self.name}"


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        verbose_name = _("member")
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team_and_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Notice(models.Model):
    """Something that a team's admins should see to. `key` names the matter; of one matter one notice is open."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=100)
    text = models.CharField(max_length=1000)
    url = models.CharField(_("URL"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    email_tried_at = models.DateTimeField(null=True, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "key"], condition=Q(settled_at__isnull=True), name="one_open_notice_per_team_and_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.text}"


class ApiKey(models.Model):
    """What a script shows instead of a password. Only its hash is kept: the key itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=64)
    start = models.CharField(_("starts with"), max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it does not expire."))
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("API key")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class AppendOnly(models.QuerySet["AuditEvent"]):
    """Rows that are added and read. Whoever can write to the database itself is not stopped by this."""

    def update(self, **values: object) -> int:
        raise TypeError("The audit log is only added to.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is only added to.")


class AuditEvent(models.Model):
    """One change, or one refusal. Names are kept as text too, so that it can be read when what it tells of is gone.

    Its readers: the admins of `team`, of `organization`, or of every team that `person` was on when it
    happened. Of what has none of the three: superusers.
    """

    at = models.DateTimeField(default=timezone.now)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.SET_NULL, null=True, related_name="+")
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    place = models.CharField(max_length=64, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor = models.CharField(_("who"), max_length=150, blank=True)
    verb = models.CharField(_("what"), max_length=40)
    target = models.CharField(_("of what"), max_length=300)
    before = JSONTextField(null=True)
    after = JSONTextField(null=True)
    door = models.CharField(_("door"), max_length=10)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("program"), max_length=300, blank=True)
    key = models.CharField(_("API key"), max_length=80, blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("audit event")
        indexes = [
            # teams.audit_log: the newest of a team, of an organization, and of the people of a team.
            models.Index(fields=["team", "-id"], name="audit_of_team"),
            models.Index(fields=["organization", "-id"], name="audit_of_organization"),
            models.Index(fields=["person", "-id"], name="audit_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The audit log is only added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is only added to.")
