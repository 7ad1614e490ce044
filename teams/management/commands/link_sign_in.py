"""manage.py link_sign_in: let somebody at an identity provider sign in to an account that is here already."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.sign_in.single_sign_on.provider_accounts import link_account


class Command(BaseCommand):
    help = "Let a subject of an identity provider sign in to an account, which otherwise stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Of the account here, such as alice.")
        parser.add_argument("provider", help="The id in RUNBELL_OIDC_PROVIDERS, such as okta.")
        parser.add_argument("subject", help="The sub that the provider gives the person.")

    def handle(self, *args: Any, username: str, provider: str, subject: str, **options: Any) -> None:
        try:
            link_account(provider, subject, username)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{subject} of {provider} signs in as {username}.")
