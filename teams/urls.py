"""Pages of people."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from teams import views

urlpatterns = [
    path("", views.home, name="home"),
    path("notices/<int:pk>/dismiss", views.dismiss_notice, name="dismiss_notice"),
    path("teams", views.teams, name="teams"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.ChangePassword.as_view(), name="change_password"),
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", LogoutView.as_view(), name="sign_out"),
    # Where `wandb login` sends people for their key.
    path("authorize", views.api_keys, name="api_keys"),
    path("authorize/<int:pk>/delete", views.delete_api_key, name="delete_api_key"),
]
