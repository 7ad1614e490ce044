from django.db import migrations


def fill(apps, schema_editor):
    """Give people the default team that they have had: the first by name in which they may log, else the first."""
    User, Membership = apps.get_model('teams', 'User'), apps.get_model('teams', 'Membership')
    usual, able = {}, {}
    rows = Membership.objects.order_by('team__name').values_list('user', 'team', 'role')
    for user, team, role in rows.iterator():
        usual.setdefault(user, team)
        if role in ('member', 'admin'):
            able.setdefault(user, team)
    for user, team in (usual | able).items():
        User.objects.filter(pk=user, default_team=None).update(default_team=team)


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0011_user_default_team'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
