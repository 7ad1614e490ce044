from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0016_user_is_break_glass'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='source',
            field=models.CharField(blank=True, default='', editable=False, max_length=32),
        ),
    ]
