"""Deleting what is in use, over REST: only where `?confirm=true` says so."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

CONFIRM = OpenApiParameter("confirm", bool, description="Delete it although it is in use.")


def confirmed(request: Request) -> bool:
    return request.query_params.get("confirm") == "true"
