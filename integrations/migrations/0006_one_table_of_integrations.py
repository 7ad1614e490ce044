"""Webhooks and Slack channels move into the table of all integrations, and go on delivering.

A row keeps its number where no other has it; where one has, all that names it follows: automations, executions, notices.
There is no way back: what is set up afterwards would have no place in the former tables.
"""

import json

from django.core.exceptions import ValidationError
from django.db import migrations
from django.db.models import Max

COLUMNS = ("name", "enabled", "disabled_reason", "created_at", "created_by_id", "team_id")
WEBHOOK = (
    "url", "access_token", "secret", "method", "headers", "granted_secrets", "timeout_seconds", "retry_seconds", "preset",
)  # fmt: skip
# What an action calls the integration that it goes to.
NAMED_BY = {"webhook": "webhook", "slack": "channel"}
BATCH = 500


def move(apps, schema_editor):
    Integration = apps.get_model("integrations", "Integration")
    Webhook, SlackChannel = apps.get_model("integrations", "Webhook"), apps.get_model("integrations", "SlackChannel")
    taken = set(Integration.objects.values_list("pk", flat=True))
    last = max(_last_number(schema_editor.connection, model) for model in (Integration, Webhook, SlackChannel))
    for row in Webhook.objects.order_by("pk"):
        settings = {name: getattr(row, name) for name in WEBHOOK}
        last = _moved(apps, row, "webhook", taken, last, settings=settings, failing_since=row.failing_since)
    for pk in SlackChannel.objects.order_by("pk").values_list("pk", flat=True):
        row = _channel(SlackChannel, pk)
        private = None if row.webhook_url is None else json.dumps({"webhook_url": row.webhook_url})
        settings = {"workspace_id": row.workspace_id, "channel_id": row.channel_id}
        last = _moved(apps, row, "slack", taken, last, settings=settings, private=private)
    _count_on_from(schema_editor.connection, Integration, last)


def _channel(SlackChannel, pk):
    try:
        return SlackChannel.objects.get(pk=pk)
    except ValidationError as error:
        row = SlackChannel.objects.defer("webhook_url").select_related("team").get(pk=pk)
        raise RuntimeError(
            f"The address of the Slack channel {row.name} (team {row.team.name}) cannot be opened, so nothing was "
            f"upgraded. {error} Or delete that channel in the former version, then upgrade."
        ) from None


def _moved(apps, row, kind, taken, last, **values):
    """Write the row into its new place; give the highest number there is."""
    Integration = apps.get_model("integrations", "Integration")
    number = row.pk
    if row.pk in taken:
        number = last = last + 1
        values["former_id"] = row.pk
    taken.add(number)
    columns = {name: getattr(row, name) for name in COLUMNS}
    Integration.objects.create(pk=number, kind=kind, **columns, **values)
    # As it was: a column that counts changes took the time of this one.
    Integration.objects.filter(pk=number).update(updated_at=row.updated_at)
    if number != row.pk:
        _follow(apps, kind, row.pk, number)
    return last


def _follow(apps, kind, former, number):
    """Let all that names an integration name it by its new number."""
    old, new, name = f"{kind}:{former}", f"{kind}:{number}", NAMED_BY[kind]
    for model in (apps.get_model("automations", "Automation"), apps.get_model("automations", "Execution")):
        _rewrite_actions(model, old, new, {name: number})
    Notice, Team = apps.get_model("teams", "Notice"), apps.get_model("teams", "Team")
    page = {"webhook": "webhook", "slack": "slackchannel"}[kind]
    was, now = (f"/settings/integrations/{page}/{one}/change/" for one in (former, number))
    for notice in Notice.objects.filter(key=old):
        Notice.objects.filter(pk=notice.pk).update(key=new, url=notice.url.replace(was, now))
    for team in Team.objects.exclude(sample={}) if kind == "webhook" else ():
        if team.sample.get("webhook") == former:
            Team.objects.filter(pk=team.pk).update(sample={**team.sample, "webhook": number})


def _rewrite_actions(model, old, new, named):
    """What is to be sent names its integration twice: as a whole for whoever looks for it, and in the action."""
    rows = model.objects.filter(target=old)
    while batch := list(rows.order_by("pk").values_list("pk", "action")[:BATCH]):
        for pk, action in batch:
            model.objects.filter(pk=pk).update(target=new, action={**action, **named})


def _last_number(connection, model):
    """Give the highest number that a row ever had: one that was deleted is still named by what it was sent."""
    highest = model.objects.aggregate(highest=Max("pk"))["highest"] or 0
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT last_value, is_called FROM {_sequence(cursor, table)}")
            value, is_called = cursor.fetchone()
            return max(highest, value if is_called else 0)
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        return max(highest, found[0] if found else 0)


def _count_on_from(connection, model, last):
    """Let no new row have a number that another had."""
    table = model._meta.db_table
    if not last:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last])
            return
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, table])
        if not cursor.rowcount:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])


def _sequence(cursor, table):
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    return cursor.fetchone()[0]


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_integration_former_id"),
        ("automations", "0007_states_by_their_terms"),
        ("teams", "0005_team_sample"),
    ]

    operations = [migrations.RunPython(move)]
