from django.db import migrations, models

from common.concurrent_index import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('projects', '0027_run_hidden_while_deleted'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='run',
            index=models.Index(condition=models.Q(('deletion__isnull', False)), fields=['deletion'], name='run_hidden'),
        ),
    ]
