from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0002_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='HostKeys',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=64)),
                ('secret_key', models.CharField(max_length=32)),
                ('vault_keys', models.CharField(max_length=1000)),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('host', 'secret_key', 'vault_keys'), name='one_row_per_host_and_keys')],
            },
        ),
    ]
