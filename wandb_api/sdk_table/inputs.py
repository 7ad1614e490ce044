"""Fields of GraphQL input that Runbell takes and does nothing with: those that change nothing, and those it tells of.

A field that stands in neither table is read by a resolver; one that the schema lacks is told of, too.
"""

from __future__ import annotations

# By type and field: why nothing is lost where it is dropped.
HARMLESS: dict[str, str] = {
    "UpsertBucketInput.debug": "whether the SDK itself is being debugged",
    "UpsertBucketInput.description": "no version in use sends one; notes are another field",
    "UpsertBucketInput.jobRepo": "stands in wandb-metadata.json, which is kept",
    "CreateFilterTriggerInput.scopeType": "the id of the scope says it",
    "UpdateFilterTriggerInput.scopeType": "the id of the scope says it",
    "QueueJobActionInput.queueID": "the action is refused by its type",
    "QueueJobActionInput.template": "the action is refused by its type",
    "ARIAActionInput.prompt": "the action is refused by its type",
    "PushNotificationActionInput.userID": "the action is refused by its type",
    "TriggeredActionConfig.ariaActionInput": "the action is refused by its type",
    "TriggeredActionConfig.pushNotificationActionInput": "the action is refused by its type",
    "TriggeredActionConfig.queueJobActionInput": "the action is refused by its type",
    "CreateArtifactInput.digestAlgorithm": "there is one, that of the manifest",
    "CreateArtifactInput.enableDigestDeduplication": "the same files are always no new version",
    "CreateArtifactInput.sequenceClientID": "the collection is found by its name",
    "CreateArtifactFilesInput.storageLayout": "where a file lies is the server's to choose",
    "CreateArtifactFilesInput.cloudRegionID": "where a file lies is the server's to choose",
    "CreateArtifactFilesInput.digestAlgorithm": "the digest itself is compared",
    "CreateArtifactFileSpecInput.digestAlgorithm": "the digest itself is compared",
    "ArtifactManifestEntryInput.birthArtifactID": "a file is found by its digest",
    "CreateArtifactManifestInput.baseArtifactID": "it is laid over the newest version of its collection",
    "UpdateArtifactManifestInput.baseArtifactID": "it is laid over the newest version of its collection",
    "UseArtifactInput.artifactEntityName": "the id of the version says it",
    "UseArtifactInput.artifactProjectName": "the id of the version says it",
}
# By type and field: what is not done. Where it says something, the run's page or the refusal of the call tells it.
NOT_DONE: dict[str, str] = {
    "CreateArtifactInput.labels": "labels of a version; tags and metadata are kept",
    "UpdateArtifactInput.labels": "labels of a version; tags and metadata are kept",
    "UseArtifactInput.usedAs": "a name for the use of a version",
    "TagInput.tagCategoryName": "the category of a tag",
    "UpsertModelInput.views": "saved views of a project",
    "UpsertModelInput.framework": "the framework of a project",
    "UpsertModelInput.repo": "the repository of a project",
    "UpsertModelInput.dockerImage": "the image of a project",
    "UpsertModelInput.isBenchmark": "benchmarks",
    "UpsertModelInput.isPublished": "projects that are published",
    "UpsertModelInput.icon": "the icon of a project",
    "UpsertModelInput.rateLimits": "rate limits of one project",
}
# Not of any type: what a client calls its own request.
_OF_EVERY_TYPE = frozenset({"clientMutationId", "clientMutationID"})
_NOTHING: tuple[object, ...] = (None, False, "", [], {}, "{}")


def is_left_out(kind: str, field: str, value: object, *, known: bool) -> bool:
    """Whether a field that says something is dropped, so that somebody is to be told."""
    name = f"{kind}.{field}"
    if field in _OF_EVERY_TYPE or name in HARMLESS:
        return False
    return (name in NOT_DONE and value not in _NOTHING) if known else value is not None
