"""The login stage of the second step: after the right password, before anybody is signed in."""

from __future__ import annotations

from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from teams.audit import audit_log
from teams.models import User
from teams.sign_in.single_sign_on.second_factor import is_vouched_for

REPLACED = "allauth.mfa.stages.AuthenticateStage"
STAGE = "teams.sign_in.two_factor.stage.SecondStep"


class SecondStep(AuthenticateStage):  # type: ignore[misc]  # allauth has no types
    """Asks for a second factor of ours, unless the identity provider vouches."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return not is_vouched_for(request, self.login.user) and super()._should_handle(request)

    def handle(self) -> tuple[HttpResponse | None, bool]:
        response, goes_on = super().handle()
        if response is not None:
            # Whoever had put this session into the browser does not come along.
            self.request.session.cycle_key()
            self.state["password"] = self.user.get_session_auth_hash()
            with transaction.atomic():
                audit_log.record("sign_in.first_step", f"user {self.user}", team=None, person=self.user, by=self.user)
        return response, goes_on

    @property
    def user(self) -> User:
        user: User = self.login.user
        return user

    def is_good(self) -> bool:
        """Whether the person may go on: not where the account was switched off, or the password changed, meanwhile."""
        return self.user.is_active and self.state.get("password") == self.user.get_session_auth_hash()


def pending(request: HttpRequest) -> SecondStep | None:
    """Give the second step that this browser stands before; None where it stands before none."""
    stage: SecondStep | None = LoginStageController.enter(request, SecondStep.key)
    if stage is None or stage.login.user is None:
        return None
    if not stage.is_good():
        clear_login(request)
        return None
    return stage
