"""Who may see which object of the graph: one guard for each type of the schema, and what a link tells.

The rule is that of every door: what is of one's teams, and what is in registries that one may read. A version that is
seen only where it was linked tells `LINK_TELLS` and nothing along any other edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from artifacts.models import Alias, Collection, Entry, Registry, Upload, Version
from automations.models import Automation
from projects.models import Project, Run
from teams.models import Organization, User
from wandb_api.graphql.caller import Caller
from wandb_api.graphql.object_guards import Guard, containers, guard, narrowing
from wandb_api.graphql.partial_objects import Partial, tells
from wandb_api.lookup.artifact_types import SdkArtifactType
from wandb_api.lookup.entities import Entity
from wandb_api.lookup.projects import SdkProject
from wandb_api.triggers.integrations import sdk_kinds

# The version itself, the names of where it was made, and who made it. The SDK asks for nothing else of a link.
LINK_TELLS = tells("""{
    id versionIndex description metadata ttlDurationSeconds ttlIsInherited tags historyStep state size
    digest digestAlgorithm commitHash fileCount createdAt updatedAt aliases artifactMemberships
    currentManifest files filesByManifestEntries
    artifactSequence { name project { name entityName entity { name } } }
    artifactType { name }
    createdBy { username }
}""")
COLLEAGUE_TELLS = tells("{ id name username }")

containers(
    "Query", "Mutation", "PageInfo",
    # What the server says of itself, the same to everybody.
    "ServerInfo", "LocalVersionInfo", "ServerFeature", "RampFeatureFlag", "AdvancedRegistryFeatures",
    # Connections and their edges: the rows are narrowed, and each node is asked about.
    "UserConnection", "UserEdge", "ApiKeyConnection", "ApiKeyEdge", "EntityConnection", "EntityEdge",
    "ProjectConnection", "ProjectEdge", "RunConnection", "RunEdge", "LogLineConnection", "LogLineEdge",
    "ArtifactTypeConnection", "ArtifactTypeEdge", "ArtifactCollectionConnection", "ArtifactCollectionEdge",
    "TagConnection", "TagEdge", "ArtifactAliasConnection", "ArtifactAliasEdge",
    "VersionedArtifactConnection", "VersionedArtifactEdge", "ArtifactConnection", "ArtifactEdge",
    "ArtifactCollectionMembershipConnection", "ArtifactCollectionMembershipEdge", "FileConnection", "FileEdge",
    "TriggerConnection", "TriggerEdge", "IntegrationConnection", "IntegrationEdge",
    # Answers of mutations.
    "ClientMutationPayload", "StopRunPayload", "RewindRunPayload", "SuccessPayload", "UpsertBucketPayload",
    "ServerSettings", "ServerMessage", "CreateRunFilesPayload",
    "UpsertModelPayload", "CreateArtifactPayload", "CreateArtifactFilesPayload", "ArtifactManifestPayload",
    "CompleteMultipartUploadArtifactPayload", "ArtifactPayload", "LinkArtifactPayload", "TagsPayload",
    "ArtifactCollectionPayload", "FilterTriggerPayload", "UpdateUserPayload", "CreateUserPayload", "CreateTeamPayload",
    "CreateInvitePayload", "CreateServiceAccountPayload", "GenerateApiKeyPayload",
    # Parts of the one object that was asked about before, and leads to nothing else but what is asked about again.
    "ClientIDMapping", "ApiKey", "Member", "Invite", "ProjectMember", "ProjectTeamMember", "Role", "LogLine",
    "ParquetHistory", "Tag", "UploadMultipartUrls", "UploadUrlPart", "FilterEventTriggeringCondition",
)  # fmt: skip


def _where(sees: Callable[[Caller, Any], bool]) -> Guard:
    """Make a guard of what is asked about one object."""
    return lambda caller, found: [one if sees(caller, one) else None for one in found]


@guard("Artifact")
def _versions(caller: Caller, found: Sequence[Version | Upload]) -> list[Any]:
    """Whole in the teams they were made in; elsewhere as much as a link tells."""
    whole = [_is_there(one) and caller.sees(one.collection) for one in found]
    others = [one.pk for one, mine in zip(found, whole, strict=True) if not mine and isinstance(one, Version)]
    linked = _linked(caller, others) if others else set()
    return [
        one if mine else Partial(one, LINK_TELLS) if isinstance(one, Version) and one.pk in linked else None
        for one, mine in zip(found, whole, strict=True)
    ]


def _is_there(found: Version | Upload) -> bool:
    return isinstance(found, Upload) or found.deletion_id is None


@guard("ArtifactSequence", "ArtifactPortfolio")
@_where
def _collections(caller: Caller, found: Collection) -> bool:
    return caller.sees(found)


@guard("ArtifactCollectionMembership")
@_where
def _entries(caller: Caller, found: Entry) -> bool:
    return found.deletion_id is None and caller.sees(found.collection)


@guard("ArtifactAlias")
@_where
def _aliases(caller: Caller, found: Any) -> bool:
    return caller.sees(found.collection)


@guard("ArtifactType")
@_where
def _artifact_types(caller: Caller, found: SdkArtifactType) -> bool:
    return _sees_place(caller, found.place)


@guard("File", "ArtifactManifest")
def _files(caller: Caller, found: Sequence[Mapping[str, Any]]) -> list[Any]:
    """As what they are files of: nobody gets a link to a file of what they do not see."""
    owners = {id(one["of"]): one["of"] for one in found if "of" in one}
    versions = [one for one in owners.values() if not isinstance(one, Run)]
    seen = {id(one) for one, sight in zip(versions, _versions(caller, versions), strict=True) if sight is not None}
    seen |= {id(one) for one in owners.values() if isinstance(one, Run) and caller.sees_run(one)}
    return [one if id(one.get("of")) in seen else None for one in found]


@guard("Project")
@_where
def _projects(caller: Caller, found: SdkProject) -> bool:
    return _sees_place(caller, found)


def _sees_place(caller: Caller, found: SdkProject) -> bool:
    return found.pk in caller.registries if isinstance(found, Registry) else caller.sees_project(found)


@guard("Run")
@_where
def _runs(caller: Caller, found: Run) -> bool:
    return caller.sees_run(found)


@guard("User")
def _people(caller: Caller, found: Sequence[User]) -> list[Any]:
    """Themselves, and who is on a team of theirs; and who was deleted, of whom nothing is left.

    Of the others of their organizations they read the names. Instance admins read of everybody.
    """
    return [
        one if one.pk is None or caller.knows(one.pk)
        else Partial(one, COLLEAGUE_TELLS) if one.pk in caller.colleagues
        else None
        for one in found
    ]  # fmt: skip


@guard("Entity")
@_where
def _entities(caller: Caller, found: Entity) -> bool:
    return found.team.pk in caller.teams if found.team else found.organization.pk in caller.organizations


@guard("Organization")
@_where
def _organizations(caller: Caller, found: Organization) -> bool:
    return found.pk in caller.organizations


@guard("Trigger")
@_where
def _triggers(caller: Caller, found: Mapping[str, Any]) -> bool:
    return found["team_id"] in caller.teams


@guard(*(kind.sdk_typename for kind in sdk_kinds()))
@_where
def _integrations(caller: Caller, found: Any) -> bool:
    return found.team_id in caller.teams


@guard(
    "GitHubOAuthIntegration", "RunQueue", "QueueJobTriggeredAction", "ARIATriggeredAction",
    "PushNotificationTriggeredAction",
)  # fmt: skip
@_where
def _things_of_wandb(*_: object) -> bool:
    """Runbell has none of them: they stand in the schema because the SDK's documents name them."""
    return False


# Lists -----------------------------------------------------------------------------------------------


@narrowing(Version)
def _versions_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    linked = Entry.objects.filter(_in_collections_of(caller), version=OuterRef("pk"))
    return rows.filter(_of_projects_of(caller, "collection__project") | Exists(linked))


@narrowing(Entry, Alias)
def _in_collections_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(_in_collections_of(caller))


@narrowing(Collection)
def _collections_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(_of_projects_of(caller, "project") | Q(registry__in=caller.registries))


@narrowing(Registry)
def _registries_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(pk__in=caller.registries)


@narrowing(Project, Automation)
def _of_teams(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(team__in=caller.teams)


@narrowing(Run)
def _runs_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(_of_projects_of(caller, "project"))


@narrowing(User)
def _people_seen(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if caller.is_instance_admin else rows.filter(pk__in=caller.mates | caller.colleagues)


def _in_collections_of(caller: Caller) -> Q:
    return _of_projects_of(caller, "collection__project") | Q(collection__registry__in=caller.registries)


def _of_projects_of(caller: Caller, path: str) -> Q:
    return Q(**{f"{path}__team__in": caller.teams, f"{path}__deletion": None})


def _linked(caller: Caller, versions: Sequence[int]) -> set[int]:
    rows = Entry.objects.filter(_in_collections_of(caller), version__in=versions)
    return set(rows.values_list("version", flat=True))
