"""Whether an identity provider's word stands for the second factor of a sign-in."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from teams.models import User
from teams.sign_in.single_sign_on.provider_lookup import identity_providers


def is_vouched_for(request: HttpRequest, user: User | None) -> bool:
    """Whether the person came in by a provider whose settings say `"second_factor": "provider"`.

    Asked while they sign in, and afterwards where a second factor is required: the session remembers it.
    """
    # Not by what they confirmed afterwards.
    first = (one for one in get_authentication_records(request, user) if not one.get("reauthenticated"))
    records = [one for one in first if one.get("method") != "mfa"]
    came_by = records[-1].get("provider") if records else None
    return any(one.id == came_by and one.second_factor == "provider" for one in identity_providers())
