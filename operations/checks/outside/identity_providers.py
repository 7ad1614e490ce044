"""Identity providers: whether the discovery document of each can be read."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.http.too_many_requests import TooManyRequests
from operations.checks.operator_check import registry
from operations.checks.outside_service import OutsideService
from teams.sign_in.single_sign_on import discovery
from teams.sign_in.single_sign_on.errors import SignInFailed


@registry.register
class IdentityProvidersAnswer(OutsideService):
    """Whether single sign-on can find its way: the discovery document of OpenID Connect."""

    key, label = "identity_providers", _("Identity providers")
    setting = "RUNBELL_OIDC_PROVIDERS"
    # It is asked for anew each time, and the provider is somebody else's.
    is_watched = False
    remedy = "Mend issuer and networks in RUNBELL_OIDC_PROVIDERS; break-glass admins sign in with passwords meanwhile."
    well = "Each gives its discovery document."

    def is_set(self) -> bool:
        return bool(settings.IDENTITY_PROVIDERS)

    def failure(self) -> str:
        discovery.forget()
        said = []
        for provider in settings.IDENTITY_PROVIDERS:
            try:
                discovery.endpoints_of(provider)
            except (SignInFailed, TooManyRequests) as error:
                said.append(f"{provider.id}: {getattr(error, 'reason', error)}")
        return "; ".join(said)
