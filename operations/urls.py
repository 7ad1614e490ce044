"""URLs of the pages of operations."""

from __future__ import annotations

from django.urls import path

from operations.deletion import pages

urlpatterns = [
    path("profile/deletions", pages.deletions, name="deletions"),
    path("profile/deletions/new", pages.delete, name="delete"),
    path("profile/deletions/<int:pk>/undo", pages.undo_deletion, name="undo_deletion"),
]
