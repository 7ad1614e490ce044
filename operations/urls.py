"""URLs of the pages of operations."""

from __future__ import annotations

from django.urls import path

from operations.archives import pages as archives
from operations.deletion import pages

urlpatterns = [
    path("profile/deletions", pages.deletions, name="deletions"),
    path("profile/deletions/new", pages.delete, name="delete"),
    path("profile/deletions/runs", pages.delete_runs, name="delete_runs"),
    path("profile/deletions/<int:pk>/undo", pages.undo_deletion, name="undo_deletion"),
    path("profile/exports", archives.exports, name="exports"),
    path("profile/exports/<int:pk>/archive", archives.exported_archive, name="exported_archive"),
]
