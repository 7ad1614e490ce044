"""How django-allauth signs people in here: nobody signs up, and nothing is mailed.

Of allauth we take the steps after a password (two-factor sign-in), OpenID Connect, and being asked again who one is.
Accounts, passwords, their limits and the audit log stay where they are for every other door.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from teams.audit import actor
from teams.models import User
from teams.sign_in import confirm_identity
from teams.sign_in.single_sign_on.provider_lookup import identity_providers
from teams.sign_in.two_factor.stage import REPLACED as ALLAUTHS
from teams.sign_in.two_factor.stage import STAGE as SECOND_STEP


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation, or by the identity provider of their organization."""
        return False

    def get_login_stages(self) -> list[str]:
        return [SECOND_STEP if stage == ALLAUTHS else stage for stage in super().get_login_stages()]

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the audit log and the limits know it: a proxy is believed only where it is trusted."""
        return actor.current().address or ""

    def is_safe_url(self, url: str) -> bool:
        request = self.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def is_reauthentication_required(self, **_app: Any) -> bool:
        """As for every other change that asks: one confirmation, or sign-in, is good for all of them."""
        return self.request is None or not confirm_identity.is_confirmed(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """What allauth knows, and the identity providers by which the person came."""
        uids = SocialAccount.objects.filter(user=user).values_list("provider", flat=True)
        providers = [
            {
                "id": f"single_sign_on:{one.id}",
                "description": _("Confirm with %(label)s") % {"label": one.label},
                "url": reverse("single_sign_on_again", args=[one.id]),
            }
            for one in identity_providers()
            if one.id in set(uids)
        ]
        return [*super().get_reauthentication_methods(user), *providers]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """None: whom Runbell may write to is the mail policy's to say."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """None of allauth's: pages say what happened in their own words."""
