"""URL routes of two-factor sign-in. The names with `mfa_` and `account_` are those that django-allauth looks for."""

from __future__ import annotations

from django.urls import path

from teams.sign_in.two_factor import asked_again, profile_pages, sign_in_pages

urlpatterns = [
    path("sign-in/second-step", sign_in_pages.second_step, name="mfa_authenticate"),
    path("sign-in/second-step/options", sign_in_pages.options, name="second_factor_options"),
    path("sign-in/passkey", sign_in_pages.passkey, name="passkey_sign_in"),
    path("profile/two-factor", profile_pages.overview, name="two_factor"),
    path("profile/two-factor/app", profile_pages.add_app, name="add_authenticator_app"),
    path("profile/two-factor/app/remove", profile_pages.remove_app, name="remove_authenticator_app"),
    path("profile/two-factor/keys", profile_pages.add_key, name="add_security_key"),
    path("profile/two-factor/keys/options", profile_pages.key_options, name="security_key_options"),
    path("profile/two-factor/keys/<int:pk>", profile_pages.rename_key, name="rename_security_key"),
    path("profile/two-factor/keys/<int:pk>/remove", profile_pages.remove_key, name="remove_security_key"),
    path("profile/two-factor/recovery-codes", profile_pages.recovery_codes, name="recovery_codes"),
    path("profile/two-factor/off", profile_pages.switch_off, name="switch_off_two_factor"),
    path("profile/again/second-factor", asked_again.by_second_factor, name="mfa_reauthenticate"),
    path("profile/again/security-key", asked_again.by_second_factor, name="mfa_reauthenticate_webauthn"),
]
