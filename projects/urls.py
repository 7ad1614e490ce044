"""Pages of teams, projects and runs. Their addresses begin with any word, so they come last."""

from __future__ import annotations

from django.urls import path

from projects.views import run, runs, teams

_RUN = "<str:team>/<str:project>/runs/<str:run>"

urlpatterns = [
    path("<str:team>", teams.team, name="team"),
    path("<str:team>/<str:project>", runs.project, name="project"),
    path("<str:team>/<str:project>/runs", runs.runs, name="runs"),
    path(_RUN, run.run, name="run"),
    path(f"{_RUN}/state", run.state, name="run_state"),
    path(f"{_RUN}/edit", run.edit, name="edit_run"),
    path(f"{_RUN}/stop", run.stop, name="stop_run"),
    path(f"{_RUN}/panels", run.panels, name="panels"),
    path(f"{_RUN}/metrics", run.metrics, name="metrics"),
]
