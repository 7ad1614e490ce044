"""Pages of automations, executions and webhooks."""

from __future__ import annotations

from django.urls import path

from automations.views import (
    assisting,
    charts,
    counting,
    deliveries,
    delivering,
    editing,
    explaining,
    history,
    hub,
    listing,
    reading,
    searching,
    webhooks,
)

_PROJECT = "<str:team>/<str:project>"
_REGISTRY = "registry/<str:organization>/<str:registry>"
_ONE = "automations/<int:pk>"
_RUN = f"{_PROJECT}/runs/<str:run>"

urlpatterns = [
    path("automations", hub.hub, name="hub"),
    path("automations/new", editing.new_anywhere, name="new_anywhere"),
    path("automations/lookback", assisting.lookback, name="lookback"),
    path("automations/preview", assisting.preview, name="preview"),
    path("automations/test", assisting.test, name="test_action"),
    path(_ONE, reading.wide, name="wide_automation"),
    path(f"{_ONE}/switch", hub.switch, name="switch_automation"),
    path(f"{_ONE}/edit", editing.edit, name="edit_automation"),
    path(f"{_ONE}/duplicate", editing.duplicate, name="duplicate_automation"),
    path(f"{_ONE}/delete", editing.delete, name="delete_automation"),
    path(f"{_ONE}/file", listing.one_file, name="automation_file"),
    path(f"{_ONE}/explain", explaining.explained, name="explain_automation"),
    path(f"{_ONE}/test", reading.test, name="test_automation"),
    path("search", searching.search, name="search"),
    path("executions", history.about, name="executions_about"),
    path("executions/counts", counting.counts, name="execution_counts"),
    path("executions/<int:pk>", reading.execution, name="execution"),
    path("executions/<int:pk>/chart", charts.around, name="execution_chart"),
    path("executions/<int:pk>/redeliver", delivering.redeliver, name="redeliver"),
    path("<str:team>/lately", history.lately, name="lately"),
    path("<str:team>/webhooks", webhooks.webhooks, name="webhooks"),
    path("<str:team>/webhooks/<str:name>/test", webhooks.test, name="test_webhook"),
    path("<str:team>/webhooks/<str:name>/deliveries", deliveries.of_webhook, name="webhook_deliveries"),
    path("<str:team>/webhooks/<str:name>/redeliver", deliveries.redeliver_webhook, name="redeliver_webhook"),
    path("<str:team>/slack/<str:name>/test", webhooks.test_slack, name="test_slack_channel"),
    path("<str:team>/slack/<str:name>/deliveries", deliveries.of_slack, name="slack_deliveries"),
    path("<str:team>/slack/<str:name>/redeliver", deliveries.redeliver_slack, name="redeliver_slack"),
    path(f"{_REGISTRY}/automations", listing.of_registry, name="registry_automations"),
    path(f"{_REGISTRY}/automations/new", editing.new_in_registry, name="new_registry_automation"),
    path(f"{_REGISTRY}/automations.yaml", listing.registry_file, name="registry_file"),
    path(f"{_REGISTRY}/history", history.of_registry, name="registry_history"),
    path(f"{_PROJECT}/automations", listing.of_project, name="automations"),
    path(f"{_PROJECT}/automations.yaml", listing.project_file, name="project_file"),
    path(f"{_PROJECT}/automations/new", editing.new, name="new_automation"),
    path(f"{_PROJECT}/automations/<int:pk>", reading.automation, name="automation"),
    path(f"{_PROJECT}/history", history.of_project, name="history"),
    path(f"{_PROJECT}/lately", history.lately_in_project, name="lately_in_project"),
    path(f"{_RUN}/automations", history.of_run, name="automations_of_run"),
    path(f"{_RUN}/marks", charts.marks, name="marks"),
]
