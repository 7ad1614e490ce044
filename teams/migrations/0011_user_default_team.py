import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0010_session_keys_hashed'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='default_team',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team', verbose_name='default team'),
        ),
    ]
