"""Before the processes of `make run` start: keys, migrations, static files, demo data at first, the address.

One process, because each start of Django costs a second. Reads DEMO: unset (demo data on the very first
start), 0 (an empty office, now and at later starts), 1 (demo data if the office is still empty).
"""

import os
import sys
from pathlib import Path

from network import lan_addresses

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grassroots.settings")


def addresses() -> list[str]:
    """Return the URLs at which the office answers, the one for this computer first."""
    scheme = "https" if os.environ.get("TLS") == "1" else "http"
    port = os.environ.get("PORT", "8000")
    hosts = ["localhost"]
    if os.environ.get("BIND", "0.0.0.0") == "0.0.0.0":
        hosts += lan_addresses()
    return [f"{scheme}://{host}:{port}/" for host in hosts]


def wants_demo_data(marker: Path) -> bool:
    """Say whether an empty office gets demo data, and remember `DEMO=0` in the file `marker`."""
    choice = os.environ.get("DEMO", "")
    if choice == "0":
        marker.write_text("Started with DEMO=0: later starts load no demo data either, unless DEMO=1.\n")
        return False
    return choice == "1" or not marker.exists()


def collect_static(root: Path) -> None:
    """Copy what browsers load to `root`, compressed copies beside it: a phone in a village loads a quarter."""
    from django.core.management import call_command
    from whitenoise.compress import main as compress

    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["bootstrap-icons.svg"])
    compress(["--quiet", "--no-brotli", str(root)])


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from grassroots.grid.models import Area, Staff

    call_command("ensure_keys")
    call_command("migrate", interactive=False, verbosity=0)
    collect_static(Path(settings.STATIC_ROOT))
    is_empty = not (Staff.objects.exists() or Area.objects.exists())
    where = "\n打开 / open:  " + "   ".join(addresses()) + "\n停止 / stop:  Ctrl-C\n"
    if wants_demo_data(Path(settings.VAR_DIR) / "no_demo_data") and is_empty:
        print("First start: loading the demo village ...", flush=True)
        call_command("load_demo", "village")
        print(where, flush=True)
    else:
        print(where, flush=True)
        call_command("demo_accounts")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
