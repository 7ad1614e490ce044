"""URL routes of sign-in, teams, invitations, profile, API keys and notices."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from teams import views
from teams.email_addresses import pages as email_pages
from teams.joining import views as joining
from teams.sign_in import session_pages
from teams.sign_in.confirm_identity import confirm_page
from teams.sign_in.single_sign_on import views as single_sign_on
from teams.sign_in.two_factor import urls as two_factor
from teams.sign_in.views import SignInView

urlpatterns = [
    path("", views.home, name="home"),
    path("notices/<int:pk>/dismiss", views.dismiss_notice, name="dismiss_notice"),
    path("teams", views.teams, name="teams"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.ChangePasswordView.as_view(), name="change_password"),
    # The name by which allauth leads there.
    path("profile/confirm", confirm_page, name="account_reauthenticate"),
    path("profile/email/send", email_pages.send, name="send_email_confirmation"),
    path("profile/email/confirm", email_pages.confirm, name="confirm_email"),
    path("profile/sessions", session_pages.sessions, name="sessions"),
    path("profile/sessions/end", session_pages.end_sessions, name="end_sessions"),
    path("profile/sessions/<str:session>/end", session_pages.end_session, name="end_session"),
    path("profile/teams/<str:team>/leave", joining.leave_team, name="leave_team"),
    path("invitation", joining.invitation, name="invitation"),
    path("sign-in", SignInView.as_view(), name="sign_in"),
    # As allauth calls it.
    path("sign-in", SignInView.as_view(), name="account_login"),
    # Before the providers: any other word there is one of them.
    *two_factor.urlpatterns,
    path("sign-in/<str:provider>", single_sign_on.begin, name="single_sign_on"),
    path("sign-in/<str:provider>/callback", single_sign_on.callback, name="single_sign_on_callback"),
    path("sign-in/<str:provider>/again", single_sign_on.again, name="single_sign_on_again"),
    path("sign-out", LogoutView.as_view(), name="sign_out"),
    # Where `wandb login` sends people for their key.
    path("authorize", views.api_keys, name="api_keys"),
    path("authorize/<int:pk>/delete", views.delete_api_key, name="delete_api_key"),
]
