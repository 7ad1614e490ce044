from django.db import migrations, models

from common.concurrent_index import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('artifacts', '0010_versions_hidden_while_deleted'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='collection',
            index=models.Index(condition=models.Q(('deletion__isnull', False)), fields=['deletion'], name='collection_hidden'),
        ),
        AddIndexConcurrently(
            model_name='version',
            index=models.Index(condition=models.Q(('deletion__isnull', False)), fields=['deletion'], name='version_hidden'),
        ),
        AddIndexConcurrently(
            model_name='entry',
            index=models.Index(condition=models.Q(('deletion__isnull', False)), fields=['deletion'], name='entry_hidden'),
        ),
        AddIndexConcurrently(
            model_name='alias',
            index=models.Index(condition=models.Q(('deletion__isnull', False)), fields=['deletion'], name='alias_hidden'),
        ),
    ]
