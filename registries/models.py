"""Database models of registry membership and roles. The registry itself is `artifacts.models.Registry`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from artifacts.models import Registry
from teams.models import Organization, Team, User


class RegistryRole(models.TextChoices):
    """What a person may do in a registry. Each includes what stands below it."""

    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")
    RESTRICTED_VIEWER = "restricted_viewer", _("Restricted viewer")


class RegistryMember(models.Model):
    """A person or a whole team of the organization, and the role in the registry."""

    registry = models.ForeignKey(Registry, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=20, choices=RegistryRole.choices, default=RegistryRole.VIEWER)

    class Meta:
        verbose_name = _("registry member")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, team__isnull=True) | Q(user__isnull=True, team__isnull=False),
                name="one_person_or_team_per_registry_member",
            ),
            models.UniqueConstraint(fields=["registry", "user"], name="one_role_per_registry_and_user"),
            models.UniqueConstraint(fields=["registry", "team"], name="one_role_per_registry_and_team"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team} ({self.get_role_display()})"


class DeletedRegistry(models.Model):
    """That a registry was there: who could delete it may say so again, and is told no more than that it is done."""

    registry_id = models.BigIntegerField(unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    # Its admins beside those of the organization.
    admins = models.ManyToManyField(User, related_name="+")

    def __str__(self) -> str:
        return str(self.registry_id)
