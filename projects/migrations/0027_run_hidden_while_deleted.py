import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0026_compacted_chunks'),
        ('teams', '0024_deletion_longer_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='deletion',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.deletion'),
        ),
    ]
