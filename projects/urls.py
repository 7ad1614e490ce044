"""URLs of the pages of teams, projects and runs. They begin with any word, so they come last."""

from __future__ import annotations

from django.urls import path

from projects.views import project_life_cycle, run_list, run_page, team_page

_RUN = "<str:team>/<str:project>/runs/<str:run>"

urlpatterns = [
    path("<str:team>", team_page.team, name="team"),
    path("<str:team>/<str:project>", run_list.project, name="project"),
    path("<str:team>/<str:project>/edit", run_list.edit, name="edit_project"),
    path("<str:team>/<str:project>/rename", project_life_cycle.rename, name="rename_project"),
    path("<str:team>/<str:project>/archive", project_life_cycle.archive, name="archive_project"),
    path("<str:team>/<str:project>/runs", run_list.runs, name="runs"),
    path(_RUN, run_page.run, name="run"),
    path(f"{_RUN}/state", run_page.state, name="run_state"),
    path(f"{_RUN}/edit", run_page.edit, name="edit_run"),
    path(f"{_RUN}/stop", run_page.stop, name="stop_run"),
    path(f"{_RUN}/panels", run_page.panels, name="panels"),
    path(f"{_RUN}/metrics", run_page.metrics, name="metrics"),
]
