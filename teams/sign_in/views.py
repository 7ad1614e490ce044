"""Sign-in with a password; what allauth asks for besides comes after it."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.auth.views import LoginView
from django.http import HttpResponse

from teams.forms import SignInForm
from teams.sign_in.ways_in import ways_in


class SignInView(LoginView):
    template_name = "teams/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **ways_in()}

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]  # the stubs know only Django's
        person = form.get_user()
        login = Login(user=person, redirect_url=self.get_success_url())
        answer: HttpResponse = perform_password_login(self.request, {"username": person.get_username()}, login)
        return answer
