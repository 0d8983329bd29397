from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quarantine', '0012_passings'),
    ]

    operations = [
        migrations.AddField(
            model_name='handover',
            name='remind_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='下次提醒'),
        ),
        migrations.AddIndex(
            model_name='handover',
            index=models.Index(condition=models.Q(('remind_at__isnull', False), ('state', 'PENDING')), fields=['remind_at'], name='handover_remind'),
        ),
    ]
