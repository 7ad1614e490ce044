"""GraphQL mutations of accounts and API keys: createUser, generateApiKey, deleteApiKey."""

from __future__ import annotations

from typing import Any

from common.data.validation_errors import quoted, refuse
from teams.access import own_key, require_instance_admin
from teams.accounts.api_key import create_key, delete_key
from teams.joining.new_account import create_person
from teams.models import ApiKey, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import key_of
from wandb_api.resolvers.owners.registry_members import DONE
from wandb_api.resolvers.owners.viewer import key_node

_LONGEST = 64


@resolver_tables.mutation.field("createUser")
def create_user(_: None, info: Info, input: dict[str, Any]) -> dict[str, User]:
    require_instance_admin(person(info))
    return {"user": create_person(input["email"], is_instance_admin=bool(input.get("admin")))}


@resolver_tables.mutation.field("generateApiKey")
def generate_key(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Make a key of the caller's own. Its name is here the key itself, as at W&B: the one time that it is shown."""
    name = (input.get("description") or "").strip() or "made by a script"
    if len(name) > _LONGEST:
        refuse("description", f"{quoted(name)} has {len(name)} characters; {_LONGEST} is the most.")
    key, plain = create_key(person(info), name)
    return {"apiKey": {**key_node(key), "name": plain}}


@resolver_tables.mutation.field("deleteApiKey")
def remove_key(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """Delete a key of one's own; instance admins anybody's."""
    user, pk = person(info), key_of("ApiKey", input["id"])
    anybodys = ApiKey.objects.filter(pk=pk).first() if info.context.is_instance_admin else None
    delete_key(anybodys or own_key(user, pk))
    return DONE
