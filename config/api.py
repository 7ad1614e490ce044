"""The one REST router: /api/v1/."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from artifacts import api as artifacts
from automations import alerts_api as alerts
from automations import api as automations
from automations import code_api as code
from automations import delivery_api as delivery
from automations import lookback_api as lookback
from automations import testing_api as testing
from integrations import api as integrations
from integrations import slack_api as slack
from projects import api as projects
from registries import api as registries
from registries import audit_api as audit_of_organizations
from secrets_vault import api as secrets_vault
from teams import api as teams
from teams import audit_api as audit

_RUN = "projects/<str:team>/<str:project>/runs/<str:run>"
_COLLECTIONS = "projects/<str:team>/<str:project>/collections"
_COLLECTION = f"{_COLLECTIONS}/<str:collection>"
_VERSION = f"{_COLLECTION}/versions/<str:version>"
_REGISTRY = "registries/<str:organization>/<str:registry>"
_LINKED_COLLECTION = f"{_REGISTRY}/collections/<str:collection>"
_LINKED_VERSION = f"{_LINKED_COLLECTION}/versions/<str:version>"

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"), name="api_docs"
    ),
    path("me", teams.Me.as_view()),
    path("api-keys", teams.ApiKeys.as_view()),
    path("api-keys/<int:pk>", teams.OneApiKey.as_view()),
    path("teams", teams.Teams.as_view()),
    path("teams/<str:team>/members", teams.Members.as_view()),
    path("teams/<str:team>/members/<str:username>", teams.Member.as_view()),
    path("teams/<str:team>/notices", teams.Notices.as_view()),
    path("teams/<str:team>/notices/<int:pk>", teams.OneNotice.as_view()),
    path("teams/<str:team>/secrets", secrets_vault.Secrets.as_view()),
    path("teams/<str:team>/secrets/<str:name>", automations.OneSecret.as_view()),
    path("teams/<str:team>/webhooks", integrations.Webhooks.as_view()),
    path("teams/<str:team>/webhooks/<str:name>", automations.OneWebhook.as_view()),
    path("teams/<str:team>/webhooks/<str:name>/preview", testing.PreviewPayload.as_view()),
    path("teams/<str:team>/webhooks/<str:name>/test", testing.TestWebhook.as_view()),
    path("teams/<str:team>/alert-channel", alerts.AlertChannel.as_view()),
    path("teams/<str:team>/webhooks/<str:name>/deliveries", delivery.Deliveries.as_view()),
    path("teams/<str:team>/webhooks/<str:name>/redeliver", delivery.RedeliverFailed.as_view()),
    path("teams/<str:team>/webhooks/<str:name>/rotate", integrations.RotateSecret.as_view()),
    path("presets", integrations.Presets.as_view()),
    path("teams/<str:team>/slack-workspaces", slack.SlackWorkspaces.as_view()),
    path("teams/<str:team>/slack-workspaces/<str:workspace>", slack.OneSlackWorkspace.as_view()),
    path("teams/<str:team>/slack-workspaces/<str:workspace>/channels", slack.ChannelsInSlack.as_view()),
    path("teams/<str:team>/slack-channels", slack.SlackChannels.as_view()),
    path("teams/<str:team>/slack-channels/<str:name>", automations.OneSlackChannel.as_view()),
    path("teams/<str:team>/slack-channels/<str:name>/test", testing.TestSlackChannel.as_view()),
    path("teams/<str:team>/audit", audit.AuditLog.as_view()),
    path("teams/<str:team>/audit/export", audit.AuditExport.as_view()),
    path("organizations/<str:organization>/audit", audit_of_organizations.AuditLog.as_view()),
    path("organizations/<str:organization>/audit/export", audit_of_organizations.AuditExport.as_view()),
    path("projects/<str:team>", projects.Projects.as_view()),
    path("projects/<str:team>/<str:project>", projects.OneProject.as_view()),
    path("projects/<str:team>/<str:project>/runs", projects.Runs.as_view()),
    path(_RUN, projects.OneRun.as_view()),
    path(f"{_RUN}/history", projects.History.as_view()),
    path(f"{_RUN}/heartbeat", projects.Heartbeat.as_view()),
    path(f"{_RUN}/finish", projects.Finish.as_view()),
    path(f"{_RUN}/stop", projects.Stop.as_view()),
    path(_COLLECTIONS, artifacts.Collections.as_view()),
    path(_COLLECTION, artifacts.OneCollection.as_view()),
    path(f"{_COLLECTION}/tags", artifacts.CollectionTags.as_view()),
    path(f"{_COLLECTION}/tags/<str:tag>", artifacts.OneCollectionTag.as_view()),
    path(f"{_COLLECTION}/versions", artifacts.Versions.as_view()),
    path(_VERSION, artifacts.OneVersion.as_view()),
    path(f"{_VERSION}/aliases", artifacts.Aliases.as_view()),
    path(f"{_VERSION}/aliases/<str:alias>", artifacts.OneAlias.as_view()),
    path(f"{_VERSION}/tags", artifacts.Tags.as_view()),
    path(f"{_VERSION}/tags/<str:tag>", artifacts.OneTag.as_view()),
    path("registries/<str:organization>", registries.Registries.as_view()),
    path(_REGISTRY, registries.OneRegistry.as_view()),
    path(f"{_REGISTRY}/members", registries.Members.as_view()),
    path(f"{_REGISTRY}/members/<int:pk>", registries.Member.as_view()),
    path(f"{_REGISTRY}/collections", registries.Collections.as_view()),
    path(_LINKED_COLLECTION, registries.OneCollection.as_view()),
    path(f"{_LINKED_COLLECTION}/link", registries.Link.as_view()),
    path(f"{_LINKED_COLLECTION}/tags", registries.CollectionTags.as_view()),
    path(f"{_LINKED_COLLECTION}/tags/<str:tag>", registries.OneCollectionTag.as_view()),
    path(f"{_LINKED_COLLECTION}/versions", registries.Versions.as_view()),
    path(_LINKED_VERSION, registries.OneVersion.as_view()),
    path(f"{_LINKED_VERSION}/unlink", registries.Unlink.as_view()),
    path(f"{_LINKED_VERSION}/aliases", registries.Aliases.as_view()),
    path(f"{_LINKED_VERSION}/aliases/<str:alias>", registries.OneAlias.as_view()),
    path(f"{_LINKED_VERSION}/tags", registries.Tags.as_view()),
    path(f"{_LINKED_VERSION}/tags/<str:tag>", registries.OneTag.as_view()),
    path("automations", automations.Automations.as_view()),
    path("automations/export", code.Export.as_view()),
    path("automations/apply", code.Apply.as_view()),
    path("automations/preview", testing.PreviewAction.as_view()),
    path("automations/test", testing.TestAction.as_view()),
    path("automations/backtest", lookback.BacktestDraft.as_view()),
    path("automations/<int:pk>/backtest", lookback.Backtest.as_view()),
    path("automations/<int:pk>/test", testing.TestAutomation.as_view()),
    path("automations/<int:pk>/explain", lookback.Explain.as_view()),
    path("automations/<int:pk>", automations.OneAutomation.as_view()),
    path("automations/<int:pk>/enable", automations.Switch.as_view(enabled=True)),
    path("automations/<int:pk>/disable", automations.Switch.as_view(enabled=False)),
    path("automations/<int:pk>/executions", automations.Executions.as_view()),
    path("executions", automations.Executions.as_view()),
    path("executions/<int:pk>", automations.OneExecution.as_view()),
    path("executions/<int:pk>/redeliver", delivery.Redeliver.as_view()),
    path("events/<str:event>/variables", automations.Variables.as_view()),
]
