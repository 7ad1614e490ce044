"""Who may read REST's schema and its page: everybody, or with RUNBELL_PUBLIC_SCHEMA=false whoever is signed in."""

from __future__ import annotations

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class SchemaReaders(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(settings.PUBLIC_SCHEMA or (request.user and request.user.is_authenticated))
