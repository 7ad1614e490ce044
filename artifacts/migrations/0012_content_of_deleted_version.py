from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('artifacts', '0011_hidden_version'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='version',
            name='one_version_per_collection_and_digest',
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(condition=models.Q(('deletion__isnull', True)), fields=('collection', 'digest'), name='one_version_per_collection_and_digest'),
        ),
    ]
