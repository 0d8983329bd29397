"""Give ID numbers and phones a new key."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grassroots.grid.rotation import BATCH_ROWS, keys_rotate


class Command(BaseCommand):
    """`rotate_keys [--drop-old]`: run it again after it was cut off, and it goes on where it stopped."""

    help = "Add an encryption key and re-encrypt every value under it, history included; may be cut off and run again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--drop-old", action="store_true", help="then remove keys that no row and no sealed file names"
        )
        parser.add_argument(
            "--batch", type=int, default=BATCH_ROWS, help="rows a statement (default %(default)s)"
        )

    def handle(self, *args: Any, drop_old: bool, batch: int, **options: Any) -> None:
        def progress(column: str, done: int, unreadable: int) -> None:
            self.stdout.write(f"{column}: {done} rows rewritten, {unreadable} unreadable")
            self.stdout.flush()

        rotation = keys_rotate(drop_old=drop_old, batch=max(1, batch), progress=progress)
        self.stdout.write(
            f"{'resumed' if rotation.is_resumed else 'added'} key {rotation.key_id}, "
            f"{rotation.rewritten} rows rewritten"
        )
        if rotation.dropped:
            self.stdout.write(f"dropped {', '.join(rotation.dropped)}")
        if rotation.kept:
            self.stdout.write(f"kept {', '.join(rotation.kept)}: rows or sealed files still name them")
        if rotation.unreadable:
            raise CommandError(f"{rotation.unreadable} values cannot be read with the keys in the keyring")
