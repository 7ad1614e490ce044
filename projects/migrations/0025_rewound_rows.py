import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0024_line_ends'),
    ]

    operations = [
        migrations.CreateModel(
            name='RewoundRows',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digests', models.BinaryField(default=b'')),
                (
                    'run',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name='rewound', to='projects.run'
                    ),
                ),
            ],
        ),
    ]
