"""Where e-mails of an organization may go: to its people, its domains, and addresses that its admins confirmed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from common.data.validation_errors import quoted, refuse
from teams import access
from teams.audit import audit_log
from teams.email_addresses.confirmed import confirmed
from teams.models import Membership, Organization, User

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
MOST = 200


@dataclass(frozen=True)
class MailPolicy:
    """What an organization permits; addresses in lower case."""

    domains: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def permits(self, address: str) -> bool:
        return address.rpartition("@")[2].strip().lower() in self.domains or address.lower() in self.addresses


def policies(organizations: Iterable[Organization]) -> dict[int, MailPolicy]:
    """Give the policy of each by number, with one query for all.

    Of its people those addresses count that are confirmed: anybody types any into their profile.
    Addresses that were in use before there was this rule are permitted until an admin says otherwise.
    """
    rows = {row.pk: row for row in organizations}
    people: dict[int, set[str]] = defaultdict(set)
    members = Membership.objects.filter(team__organization__in=rows, user__is_active=True).filter(confirmed("user__"))
    for pk, address in members.values_list("team__organization", "user__email"):
        people[pk].add(address.lower())
    return {
        pk: MailPolicy(
            frozenset(row.mail_domains),
            frozenset({*people[pk], *(one.lower() for one in (*row.mail_addresses, *row.mail_unconfirmed))}),
        )
        for pk, row in rows.items()
    }


def people_unconfirmed(organization: Organization) -> QuerySet[User]:
    """Give its people whose address is not shown to be theirs, so that it gets no e-mail by being one of theirs."""
    rows = access.people_of(organization).filter(is_active=True).exclude(email="")
    return rows.exclude(pk__in=User.objects.filter(confirmed()).values("pk")).order_by("username")


def refused(organization: Organization, addresses: Iterable[str]) -> list[str]:
    """Give those of the addresses that may get no e-mail of this organization."""
    policy = policies([organization])[organization.pk]
    return [address for address in addresses if not policy.permits(address)]


def refusal(organization: Organization, address: str) -> str:
    """Say why, and who can change it."""
    listed = ", ".join(organization.mail_domains) or "none yet"
    return (
        f"{quoted(address)} may get no e-mail of the organization {organization.name}: it is no confirmed address of "
        f"its people, nor of its domains ({listed}). An admin of the organization adds the domain or the address."
    )


def refusal_of_member(organization: Organization, username: str) -> str:
    """Say why a person gets none, without their address."""
    return (
        f"{quoted(username)} has not confirmed the e-mail address here, so it may get no e-mail of the organization "
        f"{organization.name}. They confirm it in their profile, or a superuser does."
    )


def change(
    organization: Organization,
    *,
    domains: Collection[str] | None = None,
    addresses: Collection[str] | None = None,
    unconfirmed: Collection[str] | None = None,
    by: User | None = None,
) -> Organization:
    """Put these lists in place of what there is; of `unconfirmed` addresses can only be taken out."""
    with transaction.atomic():
        row = Organization.objects.select_for_update().get(pk=organization.pk)
        before = _audit_values(row)
        if domains is not None:
            row.mail_domains = _checked("domains", [one.strip().lower().removeprefix("@") for one in domains], _DOMAIN)
        if addresses is not None:
            row.mail_addresses = _checked("addresses", [one.strip() for one in addresses], _ADDRESS)
        if unconfirmed is not None:
            _only_fewer(row, unconfirmed)
            row.mail_unconfirmed = list(unconfirmed)
        row.mail_unconfirmed = [one for one in row.mail_unconfirmed if one not in row.mail_addresses]
        row.save(update_fields=["mail_domains", "mail_addresses", "mail_unconfirmed"])
        subject = f"mail of the organization {row.name}"
        audit_log.record(
            "organization.mail", subject, team=None, organization=row, by=by, before=before, after=_audit_values(row)
        )
    return row


_ADDRESS = re.compile(r"[^@\s]+@(?:" + _DOMAIN.pattern + ")", re.IGNORECASE)


def _checked(field: str, values: list[str], shape: re.Pattern[str]) -> list[str]:
    if len(values) > MOST:
        refuse(field, f"{len(values)} are too many; {MOST} is the most.")
    for value in values:
        if not shape.fullmatch(value):
            example = "example.com" if field == "domains" else "ada@example.com"
            refuse(field, f"{quoted(value)} cannot be read. Write it like {example}.")
    return list(dict.fromkeys(values))


def _only_fewer(row: Organization, unconfirmed: Collection[str]) -> None:
    added = [one for one in unconfirmed if one not in row.mail_unconfirmed]
    if added:
        refuse("unconfirmed", f"{quoted(added[0])} is not waiting to be confirmed. Add it to addresses.")


def _audit_values(row: Organization) -> dict[str, object]:
    return audit_log.columns(row, "mail_domains", "mail_addresses", "mail_unconfirmed")
