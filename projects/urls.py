"""URLs of the pages of teams, projects and runs. They begin with any word, so they come last."""

from __future__ import annotations

from django.urls import path

from projects.views import project_life_cycle, run_list, run_log, run_media, run_page, team_page

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
    path(f"{_RUN}/log", run_log.log, name="run_log"),
    path(f"{_RUN}/log/new", run_log.new_lines, name="new_log_lines"),
    path(f"{_RUN}/log/file", run_log.download, name="log_file"),
    path(f"{_RUN}/files", run_media.files, name="run_files"),
    path(f"{_RUN}/files/content", run_media.file, name="run_file"),
    path(f"{_RUN}/files/html", run_media.html, name="run_html"),
    path(f"{_RUN}/panels", run_page.panels, name="panels"),
    path(f"{_RUN}/metrics", run_page.metrics, name="metrics"),
]
