"""Lookup of the identity providers that the operator named."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _

from teams.sign_in.single_sign_on.provider_settings import IdentityProvider


def identity_providers() -> tuple[IdentityProvider, ...]:
    found: tuple[IdentityProvider, ...] = settings.IDENTITY_PROVIDERS
    return found


def identity_provider(id: str) -> IdentityProvider:
    """Give the provider of this id; where there is none the page is not there."""
    for provider in identity_providers():
        if provider.id == id:
            return provider
    raise Http404(_("There is no sign-in with %(id)s here.") % {"id": repr(id[:40])})
