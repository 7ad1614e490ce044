"""An input for each mutation of the graph, in which slots stand for what a team has: its own, foreign, or nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artifacts.models import Upload
from automations.models import Automation
from integrations.models import Integration
from projects.models import RunFile
from tests.access.graph_scene import Scene
from wandb_api.graphql.global_ids import global_id, kind_and_key

MD5 = "1B2M2Y8AsgTpgAmY7PhCfg=="
HERE = {"entityName": "$entity", "projectName": "$project"}
RUN = {**HERE, "runName": "$run"}
ALIASES = [{**HERE, "artifactCollectionName": "$collection", "alias": "new"}]
TAGS = {**HERE, "artifactCollectionName": "$collection", "tags": [{"tagName": "new"}]}
REGISTRY = {"projectId": "$registry_id"}
TRIGGER = {"triggeringEventType": "LINK_MODEL", "eventFilter": '{"$or": [{"$and": []}]}'}
CALL = {
    "triggeredActionType": "GENERIC_WEBHOOK",
    "triggeredActionConfig": {"genericWebhookActionInput": {"integrationID": "$webhook"}},
}
NOTIFY = {
    "triggeredActionType": "NOTIFICATION",
    "triggeredActionConfig": {"notificationActionInput": {"integrationID": "$channel", "title": "t"}},
}
SCOPE = {"scopeType": "PROJECT", "scopeID": "$project_id"}
NEW = {"name": "new-one", "enabled": True, **TRIGGER}
# By mutation: inputs, in which `$slot` stands for what a team has. A new mutation needs one, else a test fails.
MUTATIONS: dict[str, list[dict[str, Any]]] = {
    "createFilterTrigger": [
        {**NEW, **SCOPE, **CALL}, {**NEW, **SCOPE, **NOTIFY},
        {**NEW, **CALL, "scopeType": "ARTIFACT_COLLECTION", "scopeID": "$collection_id"},
        {**NEW, **CALL, "scopeType": "PROJECT", "scopeID": "$registry_id"},
        {**NEW, **CALL, "scopeType": "ENTITY", "scopeID": "$team"},
    ],
    "updateFilterTrigger": [{"id": "$trigger", "name": "renamed"}, {"id": "$trigger", **SCOPE, **CALL}],
    "updateUser": [{"defaultEntity": "$entity"}],
    "createUser": [{"email": "new@canary.test"}],
    "createTeam": [{"teamName": "new-team"}, {"teamName": "new-team", "teamAdminUserName": "$username"}],
    "createInvite": [
        {"entityName": "$entity", "username": "$username"}, {"entityName": "$entity", "username": "bluezq-ann"},
        {"entityName": "$entity", "email": "new@canary.test"},
    ],
    "deleteInvite": [{"entityName": "$entity", "id": "$user"}, {"entityName": "$entity", "id": "$invitation"}],
    "createServiceAccount": [{"entityName": "$entity", "description": "nightly"}],
    "generateApiKey": [{"description": "new"}],
    "deleteApiKey": [{"id": "$key"}],
    "deleteTrigger": [{"triggerID": "$trigger"}],
    "createGenericWebhookIntegration": [
        {"entityName": "$entity", "name": "new-hook", "urlEndpoint": "http://127.0.0.1:8009/new"}
    ],
    "upsertBucket": [{"id": "$run_id"}, {"name": "new-run", "entityName": "$entity", "modelName": "$project"}],
    "deleteRun": [{"id": "$run_id"}],
    "updateRunState": [{"id": "$run_id", "state": "failed"}],
    "stopRun": [{"id": "$run_id"}],
    "rewindRun": [{**RUN, "metricName": "_step", "metricValue": 0}],
    "createRunFiles": [{**RUN, "files": ["new.txt"]}],
    "deleteFiles": [{"files": ["$file"]}],
    "markRunFilesUploaded": [{**RUN, "files": ["new.txt"]}],
    "notifyScriptableRunAlert": [{**RUN, "title": "t", "text": "t"}],
    "upsertModel": [{"name": "$project", "entityName": "$entity"}, {"name": "$registry", "entityName": "org.northzq"}],
    "deleteModel": [{"id": "$registry_id"}],
    "renameProject": [
        {"entityName": "org.northzq", "oldProjectName": "$registry", "newProjectName": "wandb-registry-renamed"}
    ],
    "createArtifact": [
        {**HERE, "artifactTypeName": "new-type", "artifactCollectionName": "new", "digest": "d", "runName": "$run",
         "digestAlgorithm": "MANIFEST_MD5", "clientID": "new"},
    ],
    "createArtifactFiles": [{"artifactFiles": [{"artifactID": "$upload", "name": "m", "md5": MD5}]}],
    "createArtifactManifest": [
        {**RUN, "artifactID": "$upload", "name": "wandb_manifest.json", "digest": MD5, "type": "FULL"}
    ],
    "updateArtifactManifest": [{"artifactManifestID": "$upload", "digest": MD5}],
    "completeMultipartUploadArtifact": [
        {"artifactID": "$upload", "uploadID": MD5, "storagePath": "m", "completeMultipartAction": "Abort",
         "completedParts": []},
    ],
    "commitArtifact": [{"artifactID": "$upload"}],
    "updateArtifact": [{"artifactID": "$version", "description": "new"}],
    "deleteArtifact": [{"artifactID": "$version", "deleteAliases": True}],
    "useArtifact": [{**RUN, "artifactID": "$version"}],
    "linkArtifact": [
        {**HERE, "artifactID": "$version", "artifactPortfolioName": "new"},
        {**HERE, "clientID": "$client", "artifactPortfolioName": "new"},
        {"artifactID": "$version", "artifactPortfolioID": "$portfolio_id"},
        {"artifactID": "$version", "entityName": "org.northzq", "projectName": "$registry",
         "artifactPortfolioName": "new"},
    ],
    "unlinkArtifact": [{"artifactID": "$version", "artifactPortfolioID": "$portfolio_id"}],
    "addAliases": [{"artifactID": "$version", "aliases": ALIASES}],
    "deleteAliases": [{"artifactID": "$version", "aliases": ALIASES}],
    "createArtifactCollectionTagAssignments": [TAGS],
    "deleteArtifactCollectionTagAssignments": [TAGS],
    "updateArtifactSequence": [{"artifactSequenceID": "$collection_id", "description": "new"}],
    "updateArtifactPortfolio": [{"artifactPortfolioID": "$portfolio_id", "description": "new"}],
    "moveArtifactSequence": [{"artifactSequenceID": "$lone_id", "destinationArtifactTypeName": "other"}],
    "deleteArtifactSequence": [{"artifactSequenceID": "$collection_id"}],
    "deleteArtifactPortfolio": [{"artifactPortfolioID": "$portfolio_id"}],
    "createProjectMembers": [{**REGISTRY, "userIds": ["$user"]}, {**REGISTRY, "teamIds": ["$team"]}],
    "deleteProjectMembers": [{**REGISTRY, "userIds": ["$user"], "teamIds": ["$team"]}],
    "updateProjectMember": [{**REGISTRY, "userId": "$user", "userProjectRole": "member"}],
    "updateProjectTeamMember": [{**REGISTRY, "teamId": "$team", "teamProjectRole": "member"}],
}  # fmt: skip


def filled(value: Any, by: Mapping[str, str]) -> Any:
    """Put names and ids where their slots stand."""
    if isinstance(value, Mapping):
        return {name: filled(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, by) for inner in value]
    return by[value[1:]] if isinstance(value, str) and value[1:] in by and value.startswith("$") else value


def slots_in(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set().union(*map(slots_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(slots_in, value)) if value else set()
    return {value[1:]} if isinstance(value, str) and value.startswith("$") else set()


def slots(scene: Scene, owner: str) -> dict[str, str]:
    """Give what a team has, by what stands for it: names, and ids."""
    project, registry = scene.projects[owner], scene.registries["closed"]
    kinds = ("made", "portfolio", "lone")
    collections = {kind: _pk(project.collections.filter(name=f"{owner}zq-{kind}")) for kind in kinds}
    hooks, channels = (Integration.objects.filter(team=scene.teams[owner], kind=kind) for kind in ("webhook", "slack"))
    automations = Automation.objects.filter(team=scene.teams[owner], action_type="send_webhook")
    ids = {
        "run_id": ("Run", scene.runs[owner].pk), "version": ("Artifact", scene.versions[owner][2].pk),
        "upload": ("ArtifactUpload", _pk(Upload.objects.filter(client_id=f"{owner}zq-pending"))),
        "collection_id": ("ArtifactCollection", collections["made"]),
        "portfolio_id": ("ArtifactCollection", collections["portfolio"]),
        "lone_id": ("ArtifactCollection", collections["lone"]),
        "project_id": ("Project", project.pk), "registry_id": ("Registry", registry.pk),
        "trigger": ("Trigger", _pk(automations)), "webhook": ("Webhook", _pk(hooks.filter(name=f"{owner}zq-hook"))),
        "channel": ("SlackChannel", _pk(channels)),
        "file": ("RunFile", _pk(RunFile.objects.filter(run=scene.runs[owner]))),
        "user": ("User", scene.people[owner].pk), "key": ("ApiKey", _pk(scene.people[owner].api_keys)),
        "invitation": ("Invitation", _pk(scene.teams[owner].invitations)), "team": ("Entity", scene.teams[owner].pk),
    }  # fmt: skip
    names = {
        "entity": f"{owner}zq-team", "project": f"{owner}zq-project", "run": f"{owner}zq-run",
        "collection": f"{owner}zq-made", "client": f"{owner}zq-v2-client", "registry": registry.project_name,
        "username": f"{owner}zq-ann",
    }  # fmt: skip
    return {**names, **{slot: global_id(kind, key) for slot, (kind, key) in ids.items()}}


def absent(there: Mapping[str, str]) -> dict[str, str]:
    """Give names and ids of the same kinds that nothing has."""
    return {
        slot: f"{name}-absent" if "zq" in name else global_id(kind_and_key(name)[0], 987654321)
        for slot, name in there.items()
    }


def _pk(rows: Any) -> int:
    return int(rows.order_by("pk").values_list("pk", flat=True)[0])
