from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0023_hidden_while_deleted'),
    ]

    operations = [
        migrations.AlterField(
            model_name='deletion',
            name='name',
            field=models.CharField(max_length=400),
        ),
    ]
