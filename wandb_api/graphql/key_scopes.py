"""What a key must be good for, by mutation. Queries take any key; what is not listed takes one for everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLSchema

from teams.accounts.key_scopes import KeyScope, require

# What scripts of training do of themselves. Deleting and what reaches a registry is more than logging.
_LOG = {
    "upsertBucket", "upsertModel", "updateRunState", "stopRun", "rewindRun", "createRunFiles", "markRunFilesUploaded",
    "notifyScriptableRunAlert", "createArtifact", "createArtifactFiles", "createArtifactManifest",
    "updateArtifactManifest", "completeMultipartUploadArtifact", "commitArtifact", "updateArtifact", "useArtifact",
    "addAliases", "deleteAliases",
}  # fmt: skip
_AUTOMATIONS = {"createFilterTrigger", "updateFilterTrigger", "deleteTrigger"}


def needed(mutation: str) -> KeyScope:
    if mutation in _AUTOMATIONS:
        return KeyScope.AUTOMATIONS
    return KeyScope.LOG if mutation in _LOG else KeyScope.ALL


def guard(schema: GraphQLSchema) -> None:
    """Ask the key before each mutation. Raises KeyError for a listed one that the schema lacks."""
    assert schema.mutation_type is not None
    fields = schema.mutation_type.fields
    for name in (_LOG | _AUTOMATIONS) - fields.keys():
        raise KeyError(name)
    for name, field in fields.items():
        assert field.resolve is not None
        field.resolve = _asking(field.resolve, needed(name))


def _asking(resolve: Callable[..., Any], scope: KeyScope) -> Callable[..., Any]:
    def with_scope(parent: Any, info: Any, **arguments: Any) -> Any:
        require(info.context.user, scope)
        return resolve(parent, info, **arguments)

    return with_scope
