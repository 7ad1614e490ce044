"""Two-factor sign-in (2FA) required by an organization: of whom, and who has a second factor already."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from teams import access
from teams.audit import audit_log
from teams.models import Organization, User

# What asks for more than a password. Recovery codes alone are none: they stand in for one that is lost.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def factors_of(user: User) -> QuerySet[Authenticator]:
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return rows


def requiring_organizations(user: User) -> QuerySet[Organization]:
    """Those that ask their people for a second factor, and have this one on a team or among their admins."""
    theirs = Q(teams__memberships__user=user) | Q(admins=user)
    return Organization.objects.filter(theirs, requires_two_factor=True).distinct().order_by("name")


def must_set_up(user: User) -> bool:
    """Whether the person has to set up a second factor before anything else.

    Each page asks. Where no organization requires one, or the person has one, a statement or two that cost next to
    nothing settle it: putting the whole question into one took a third of a page's time.
    """
    if not Organization.objects.filter(requires_two_factor=True).exists() or factors_of(user).exists():
        return False
    return requiring_organizations(user).exists()


def people_with_factors(organization: Organization) -> QuerySet[User]:
    """Give the people of an organization that can sign in, each with `has_second_factor`."""
    rows = access.people_of(organization).filter(is_service=False)
    return rows.annotate(has_second_factor=has_second_factor("pk")).order_by("username")


def require_two_factor(organization: Organization, required: bool, *, by: User | None = None) -> Organization:
    """Say whether the organization asks its people for a second factor."""
    with transaction.atomic():
        row = Organization.objects.select_for_update().get(pk=organization.pk)
        before = audit_log.columns(row, "requires_two_factor")
        row.requires_two_factor = required
        row.save(update_fields=["requires_two_factor"])
        after = audit_log.columns(row, "requires_two_factor")
        audit_log.record(
            "organization.change", f"organization {row}", team=None, organization=row, by=by, before=before, after=after
        )
    return row


def has_second_factor(path: str) -> Exists:
    """Say whether the person has one, for a query of rows from which `path` leads to them."""
    return Exists(Authenticator.objects.filter(user=OuterRef(path), type__in=FACTORS))
