"""URL routes of a team's people, below /teams/."""

from __future__ import annotations

from django.urls import path

from teams.people import people_page, service_account_pages

_MEMBER = "<str:team>/people/<str:username>"
_INVITATION = "<str:team>/invitations/<int:pk>"
_ACCOUNT = "<str:team>/service-accounts/<str:username>"

urlpatterns = [
    path("<str:team>/people", people_page.people, name="people"),
    path(f"{_MEMBER}/role", people_page.change_role, name="change_role"),
    path(f"{_MEMBER}/remove", people_page.remove_member, name="remove_member"),
    path(f"{_INVITATION}/renew", people_page.renew_invitation, name="renew_invitation"),
    path(f"{_INVITATION}/revoke", people_page.revoke_invitation, name="revoke_invitation"),
    path("<str:team>/service-accounts", service_account_pages.create_account, name="create_service_account"),
    path(_ACCOUNT, service_account_pages.account, name="service_account"),
    path(f"{_ACCOUNT}/keys", service_account_pages.create_account_key, name="create_account_key"),
    path(f"{_ACCOUNT}/keys/<int:pk>/delete", service_account_pages.delete_account_key, name="delete_account_key"),
    path(f"{_ACCOUNT}/remove", service_account_pages.remove_account, name="remove_service_account"),
]
