"""Pages of automations and executions."""

from __future__ import annotations

from django.urls import path

from automations.views import (
    automations_tab,
    chart_annotations,
    collection_counts,
    detail,
    execution_history,
    explanation,
    hub,
    redelivery,
    search,
    silences,
)
from automations.views.wizard import editing, previews
from common.http.moved_page import MovedPage

_PROJECT = "<str:team>/<str:project>"
_REGISTRY = "registry/<str:organization>/<str:registry>"
_ONE = "automations/<int:pk>"
_RUN = f"{_PROJECT}/runs/<str:run>"

urlpatterns = [
    path("automations", hub.hub, name="hub"),
    path("automations/new", editing.new_anywhere, name="new_anywhere"),
    path("automations/backtest", previews.backtest, name="backtest"),
    # As pages asked that were open during the upgrade.
    path("automations/lookback", previews.backtest),
    path("automations/preview", previews.preview, name="preview"),
    path("automations/test", previews.test, name="test_action"),
    path("automations/silences", silences.silences, name="silences"),
    path("automations/silences/<int:pk>/end", silences.end, name="end_silence"),
    path(_ONE, detail.wide, name="wide_automation"),
    path(f"{_ONE}/switch", hub.switch, name="switch_automation"),
    path(f"{_ONE}/silence", silences.silence_one, name="silence_automation"),
    path(f"{_ONE}/edit", editing.edit, name="edit_automation"),
    path(f"{_ONE}/duplicate", editing.duplicate, name="duplicate_automation"),
    path(f"{_ONE}/delete", editing.delete, name="delete_automation"),
    path(f"{_ONE}/file", automations_tab.one_file, name="automation_file"),
    path(f"{_ONE}/explain", explanation.explained, name="explain_automation"),
    path(f"{_ONE}/test", detail.test, name="test_automation"),
    path("search", search.search, name="search"),
    path("executions", execution_history.about, name="executions_about"),
    path("executions/counts", collection_counts.counts, name="execution_counts"),
    path("executions/<int:pk>", detail.execution, name="execution"),
    path("executions/<int:pk>/chart", chart_annotations.around, name="execution_chart"),
    path("executions/<int:pk>/redeliver", redelivery.redeliver, name="redeliver"),
    path("<str:team>/lately", execution_history.lately, name="lately"),
    path(f"{_REGISTRY}/automations", automations_tab.of_registry, name="registry_automations"),
    path(f"{_REGISTRY}/automations/new", editing.new_in_registry, name="new_registry_automation"),
    path(f"{_REGISTRY}/automations.yaml", automations_tab.registry_file, name="registry_file"),
    path(f"{_REGISTRY}/history", execution_history.of_registry, name="registry_history"),
    path(f"{_PROJECT}/automations", automations_tab.of_project, name="automations"),
    path(f"{_PROJECT}/automations.yaml", automations_tab.project_file, name="project_file"),
    path(f"{_PROJECT}/automations/new", editing.new, name="new_automation"),
    path(f"{_PROJECT}/automations/<int:pk>", detail.automation, name="automation"),
    path(f"{_PROJECT}/history", execution_history.of_project, name="history"),
    path(f"{_PROJECT}/lately", execution_history.lately_in_project, name="lately_in_project"),
    path(f"{_RUN}/automations", execution_history.of_run, name="automations_of_run"),
    path(f"{_RUN}/annotations", chart_annotations.of_run, name="run_annotations"),
    path(f"{_RUN}/marks", MovedPage.as_view(pattern_name="run_annotations")),
]
