"""REST routes: the one router of /api/v1/."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from artifacts import api as artifacts
from automations.api import as_code, automations, backtest, preview_and_test, redelivery, silences
from importers import api as importers
from integrations import urls as integrations
from integrations.email import mail_policy_api as mail
from operations.archives import api as archives
from operations.deletion import api as deletion
from operations.retention import api as retention
from projects import api as projects
from registries import api as registries
from registries import audit_api as organization_audit_api
from registries import two_factor_api as two_factor
from registries.organizations import api as organizations
from secrets_vault import api as secrets_vault
from teams import api as teams
from teams import audit_api
from teams.joining import api as joining
from teams.people import api as people

_ACCOUNTS = "teams/<str:team>/service-accounts"
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
    path("teams/<str:team>/api-keys", teams.TeamKeys.as_view()),
    path("teams/<str:team>/api-keys/<int:pk>", teams.OneTeamKey.as_view()),
    path("organizations", organizations.Organizations.as_view()),
    path("organizations/<str:organization>", organizations.OneOrganization.as_view()),
    path("organizations/<str:organization>/admins/<str:username>", organizations.OneOrganizationAdmin.as_view()),
    path("teams", organizations.TeamsAndNewOnes.as_view()),
    path("teams/<str:team>", organizations.OneTeam.as_view()),
    path("teams/<str:team>/members", teams.TeamMembers.as_view()),
    path("teams/<str:team>/members/<str:username>", teams.OneTeamMember.as_view()),
    path("teams/<str:team>/invitations", joining.Invitations.as_view()),
    path("teams/<str:team>/invitations/<int:pk>", joining.OneInvitation.as_view()),
    path("teams/<str:team>/invitations/<int:pk>/renew", joining.RenewInvitation.as_view()),
    path(_ACCOUNTS, people.ServiceAccounts.as_view()),
    path(f"{_ACCOUNTS}/<str:username>", people.OneServiceAccount.as_view()),
    path(f"{_ACCOUNTS}/<str:username>/keys", people.ServiceAccountKeys.as_view()),
    path(f"{_ACCOUNTS}/<str:username>/keys/<int:pk>", people.OneServiceAccountKey.as_view()),
    path("teams/<str:team>/notices", teams.Notices.as_view()),
    path("teams/<str:team>/notices/<int:pk>", teams.OneNotice.as_view()),
    path("teams/<str:team>/secrets", secrets_vault.Secrets.as_view()),
    path("teams/<str:team>/secrets/<str:name>", secrets_vault.OneSecret.as_view()),
    *integrations.rest_paths(),
    path("teams/<str:team>/artifact-ttl", artifacts.TeamTimeToLive.as_view()),
    path("teams/<str:team>/retention", retention.TeamRetentionDays.as_view()),
    path("teams/<str:team>/usage", retention.TeamUsage.as_view()),
    path("teams/<str:team>/audit", audit_api.TeamAuditLog.as_view()),
    path("teams/<str:team>/audit/export", audit_api.TeamAuditExport.as_view()),
    path("organizations/<str:organization>/mail", mail.OrganizationMail.as_view()),
    path("organizations/<str:organization>/two-factor", two_factor.OrganizationTwoFactor.as_view()),
    path("organizations/<str:organization>/audit", organization_audit_api.OrganizationAuditLog.as_view()),
    path("organizations/<str:organization>/audit/export", organization_audit_api.OrganizationAuditExport.as_view()),
    path("teams/<str:team>/archives", archives.TeamArchives.as_view()),
    path("teams/<str:team>/archives/upload", archives.ArchiveUpload.as_view()),
    path("teams/<str:team>/archives/import", archives.ArchiveImport.as_view()),
    path("teams/<str:team>/archives/<int:pk>", archives.OneArchive.as_view()),
    path("teams/<str:team>/archives/<int:pk>/file", archives.ArchiveFile.as_view()),
    path("deletions", deletion.Deletions.as_view()),
    path("deletions/runs", deletion.DeletionsOfRuns.as_view()),
    path("deletions/contents", deletion.DeletionContents.as_view()),
    path("deletions/<int:pk>", deletion.OneDeletion.as_view()),
    path("deletions/<int:pk>/undo", deletion.UndoDeletion.as_view()),
    path("deletions/<int:pk>/undo-together", deletion.UndoDeletionsTogether.as_view()),
    path("projects/<str:team>", projects.Projects.as_view()),
    path("projects/<str:team>/<str:project>", projects.OneProject.as_view()),
    path("projects/<str:team>/<str:project>/import", importers.ImportRun.as_view()),
    path("projects/<str:team>/<str:project>/runs", projects.Runs.as_view()),
    path(_RUN, projects.OneRun.as_view()),
    path(f"{_RUN}/history", projects.RunHistory.as_view()),
    path(f"{_RUN}/heartbeat", projects.RunHeartbeat.as_view()),
    path(f"{_RUN}/preempting", projects.PreemptRun.as_view()),
    path(f"{_RUN}/finish", projects.FinishRun.as_view()),
    path(f"{_RUN}/stop", projects.StopRun.as_view()),
    path(_COLLECTIONS, artifacts.Collections.as_view()),
    path(_COLLECTION, artifacts.OneCollection.as_view()),
    path(f"{_COLLECTION}/tags", artifacts.CollectionTags.as_view()),
    path(f"{_COLLECTION}/tags/<str:tag>", artifacts.OneCollectionTag.as_view()),
    path(f"{_COLLECTION}/versions", artifacts.Versions.as_view()),
    path(_VERSION, artifacts.OneVersion.as_view()),
    path(f"{_VERSION}/aliases", artifacts.VersionAliases.as_view()),
    path(f"{_VERSION}/aliases/<str:alias>", artifacts.OneVersionAlias.as_view()),
    path(f"{_VERSION}/tags", artifacts.VersionTags.as_view()),
    path(f"{_VERSION}/tags/<str:tag>", artifacts.OneVersionTag.as_view()),
    path("registries/<str:organization>", registries.Registries.as_view()),
    path(_REGISTRY, registries.OneRegistry.as_view()),
    path(f"{_REGISTRY}/members", registries.RegistryMembers.as_view()),
    path(f"{_REGISTRY}/members/<int:pk>", registries.OneRegistryMember.as_view()),
    path(f"{_REGISTRY}/collections", registries.RegistryCollections.as_view()),
    path(_LINKED_COLLECTION, registries.OneRegistryCollection.as_view()),
    path(f"{_LINKED_COLLECTION}/link", registries.LinkVersion.as_view()),
    path(f"{_LINKED_COLLECTION}/tags", registries.RegistryCollectionTags.as_view()),
    path(f"{_LINKED_COLLECTION}/tags/<str:tag>", registries.OneRegistryCollectionTag.as_view()),
    path(f"{_LINKED_COLLECTION}/versions", registries.RegistryVersions.as_view()),
    path(_LINKED_VERSION, registries.OneRegistryVersion.as_view()),
    path(f"{_LINKED_VERSION}/unlink", registries.UnlinkVersion.as_view()),
    path(f"{_LINKED_VERSION}/aliases", registries.RegistryVersionAliases.as_view()),
    path(f"{_LINKED_VERSION}/aliases/<str:alias>", registries.OneRegistryVersionAlias.as_view()),
    path(f"{_LINKED_VERSION}/tags", registries.RegistryVersionTags.as_view()),
    path(f"{_LINKED_VERSION}/tags/<str:tag>", registries.OneRegistryVersionTag.as_view()),
    path("teams/<str:team>/silences", silences.TeamSilences.as_view()),
    path("teams/<str:team>/silences/<int:pk>", silences.OneSilence.as_view()),
    path("automations", automations.Automations.as_view()),
    path("automations/export", as_code.Export.as_view()),
    path("automations/apply", as_code.Apply.as_view()),
    path("automations/preview", preview_and_test.PreviewAction.as_view()),
    path("automations/test", preview_and_test.TestAction.as_view()),
    path("automations/backtest", backtest.BacktestDraft.as_view()),
    path("automations/<int:pk>/backtest", backtest.Backtest.as_view()),
    path("automations/<int:pk>/test", preview_and_test.TestAutomation.as_view()),
    path("automations/<int:pk>/explain", backtest.Explain.as_view()),
    path("automations/<int:pk>", automations.OneAutomation.as_view()),
    path("automations/<int:pk>/enable", automations.Switch.as_view(enabled=True)),
    path("automations/<int:pk>/disable", automations.Switch.as_view(enabled=False)),
    path("automations/<int:pk>/executions", automations.Executions.as_view()),
    path("executions", automations.Executions.as_view()),
    path("executions/<int:pk>", automations.OneExecution.as_view()),
    path("executions/<int:pk>/redeliver", redelivery.Redeliver.as_view()),
    path("events/<str:event>/variables", automations.Variables.as_view()),
]
