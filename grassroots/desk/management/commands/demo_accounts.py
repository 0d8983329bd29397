"""`manage.py demo_accounts`: print the demo accounts again, or what an empty office does first."""

from typing import Any

from django.core.management.base import BaseCommand

from grassroots.desk.demo.accounts import account_lines


class Command(BaseCommand):
    """Prints how to sign in; prints no account of a real office."""

    help = "再次显示演示账号"

    def handle(self, *args: Any, **options: Any) -> None:
        for line in account_lines():
            self.stdout.write(line)
