"""The signed-in user behind a request, for doors that let nobody else in."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from teams.models import User


def person(request: HttpRequest | Request) -> User:
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
