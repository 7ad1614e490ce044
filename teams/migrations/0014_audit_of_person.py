from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0013_invitation'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='auditevent',
            name='audit_of_person',
        ),
    ]
