#!/usr/bin/env bash
# make run: everything from nothing to a running office on this computer. See docs/development.md for the variables.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

export PORT=${PORT:-8000} BIND=${BIND:-0.0.0.0} DEMO=${DEMO:-} TLS=${TLS:-0}
GRASSROOTS_VAR=$(realpath -m "${GRASSROOTS_VAR:-$ROOT/var}")
export GRASSROOTS_VAR

ensure_venv requirements.txt
umask 077 # names, keys and files of the office are its owner's alone
mkdir -p "$GRASSROOTS_VAR"
"$VENV/bin/python" - "$BIND" "$PORT" <<'PY' || die "Port $PORT is taken. Choose another one: make run PORT=8001"
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((sys.argv[1], int(sys.argv[2])))
    except OSError:
        sys.exit(1)
PY

TLS_OPTIONS=
if [ "$TLS" = 1 ]; then
    "$VENV/bin/python" scripts/local_ca.py "$GRASSROOTS_VAR/tls"
    TLS_OPTIONS="--certfile $GRASSROOTS_VAR/tls/server.crt --keyfile $GRASSROOTS_VAR/tls/server.key"
    export HTTPS=1
fi
export TLS_OPTIONS
[ -w /dev/shm ] && export WORKER_TMP=/dev/shm
# In an office's PC or a container this often runs as root; tasks are JSON, never pickles, so Celery's worry is not ours.
export PYTHONWARNINGS="ignore:You're running the worker with superuser privileges"

"$VENV/bin/python" scripts/prepare.py
exec "$VENV/bin/honcho" start --port "$PORT"
