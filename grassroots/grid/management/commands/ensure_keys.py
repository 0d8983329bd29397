"""`manage.py ensure_keys`: make the secret key and the keyring before any process starts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from grassroots.grid.keys import ensure_keyring, ensure_secret_key, load_envelope_keys


class Command(BaseCommand):
    """Makes var/secret_key and var/keys.json unless they are there; never touches existing ones."""

    help = "生成密钥(已存在则不动)"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_secret_key(settings.VAR_DIR / "secret_key")
        ensure_keyring(settings.KEYRING_PATH)
        load_envelope_keys(settings.KEYRING_PATH)
        self.stdout.write(f"密钥就绪:{settings.VAR_DIR}")
