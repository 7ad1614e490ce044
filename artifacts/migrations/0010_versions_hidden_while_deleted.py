import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('artifacts', '0009_hidden_while_deleted'),
        ('teams', '0024_deletion_longer_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='collection',
            name='deletion',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.deletion'),
        ),
        migrations.AddField(
            model_name='version',
            name='deletion',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.deletion'),
        ),
        migrations.AddField(
            model_name='entry',
            name='deletion',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.deletion'),
        ),
        migrations.AddField(
            model_name='alias',
            name='deletion',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.deletion'),
        ),
    ]
