"""Cut the icons that pages use out of the vendored set, which is 220 kB compressed."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from grassroots.grid.templatetags.ui import ICONS

_SYMBOL = re.compile(r'<symbol class="bi bi-[^"]*" viewBox="([^"]*)" id="([^"]*)">(.*?)</symbol>', re.S)


class Command(BaseCommand):
    """`manage.py build_icons` rewrites static/img/icons.svg from the names in static/img/icons.txt."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        static = Path(settings.BASE_DIR) / "static"
        source = next(iter(sorted(static.glob("vendor/bootstrap-icons@*/bootstrap-icons.svg"))), None)
        if source is None:
            raise CommandError("no static/vendor/bootstrap-icons@*/bootstrap-icons.svg")
        symbols = {name: (box, body) for box, name, body in _SYMBOL.findall(source.read_text())}
        lines = (static / "img/icons.txt").read_text().splitlines()
        names = sorted({name for line in lines for name in line.partition("#")[0].split()})
        if unknown := [name for name in names if name not in symbols]:
            raise CommandError(f"not in {source.parent.name}: {', '.join(unknown)}")
        drawn = "\n".join(
            f'<symbol id="{name}" viewBox="{symbols[name][0]}">{symbols[name][1]}</symbol>' for name in names
        )
        note = f"{source.parent.name}, MIT licence, see static/vendor; built by manage.py build_icons"
        text = f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {note} -->\n{drawn}\n</svg>\n'
        (static / ICONS).write_text(text)
        self.stdout.write(f"{len(names)} icons, {len(text) // 1024} kB")
