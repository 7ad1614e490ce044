from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0015_organization_requires_two_factor'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_break_glass',
            field=models.BooleanField(default=False, editable=False, verbose_name='break-glass admin'),
        ),
    ]
