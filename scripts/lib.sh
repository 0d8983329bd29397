# Shared by the scripts: finding Python, making the virtual environment, free ports. Sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
PATH=$PATH:/usr/sbin:/sbin # runuser, for a root whose PATH is a user's
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*"; }
die() { printf '\n%s\n' "$*" >&2; exit 1; }

# Prints the first Python >= 3.11 ($PYTHON, if set, must be one).
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# ensure_venv FILE: .venv exists and holds what the requirements FILE lists. A stamp with the checksum of every
# requirements file that FILE draws in makes the second call take no time.
ensure_venv() {
    local file=$1 stamp=$VENV/.installed-$1 python sum
    python=$(find_python) || die "Python 3.11 or newer is needed (Debian: apt-get install python3 python3-venv)."
    if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$VENV"
        if ! "$python" -m venv "$VENV" >"$ROOT/.venv.log" 2>&1; then
            cat "$ROOT/.venv.log" >&2
            rm -rf "$VENV" "$ROOT/.venv.log"
            die "Python cannot make a virtual environment here. Debian: apt-get install python3-venv, then try again."
        fi
        rm -f "$ROOT/.venv.log"
    fi
    case $file in
        requirements-dev.txt) sum=$(cat "$ROOT/requirements.txt" "$ROOT/$file" | sha256sum) ;;
        *) sum=$(sha256sum <"$ROOT/$file") ;;
    esac
    [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return
    say "Installing the packages of $file into .venv (a minute or two the first time) ..."
    "$VENV/bin/python" -m pip install -qq --retries 5 --timeout 60 -r "$ROOT/$file" ||
        die "pip could not install $file; its reason stands above."
    printf '%s' "$sum" >"$stamp"
}

# Prints a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
    "$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Prints the folder of PostgreSQL's server programs, the newest installed.
postgres_bin() {
    local initdb
    initdb=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$initdb" ] && dirname "$(readlink -f "$initdb")" # the others stand where the link leads
}
