"""Addresses that automations e-mail today are kept, and listed to the organization's admins until they confirm them."""

from collections import defaultdict

from django.db import migrations


def keep(apps, schema_editor):
    Automation, Organization = apps.get_model("automations", "Automation"), apps.get_model("teams", "Organization")
    Membership = apps.get_model("teams", "Membership")
    used = defaultdict(set)
    rows = Automation.objects.filter(action_type="send_email", deleted_at__isnull=True).select_related("team")
    for row in rows:
        used[row.team.organization_id].update(one for one in row.action.get("to", []) if "@" in one)
    for pk, addresses in used.items():
        members = Membership.objects.filter(team__organization=pk).values_list("user__email", flat=True)
        theirs = {address.lower() for address in members}
        kept = sorted(one for one in addresses if one.lower() not in theirs)
        Organization.objects.filter(pk=pk).update(mail_unconfirmed=kept)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0007_typed_rows"),
        ("automations", "0008_receiver_key"),
        ("teams", "0007_mail_policy"),
    ]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
