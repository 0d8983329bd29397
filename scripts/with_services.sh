#!/usr/bin/env bash
# scripts/with_services.sh COMMAND...: runs COMMAND with DATABASE_URL and REDIS_URL of a PostgreSQL and a Redis of its
# own, on free ports of 127.0.0.1, and with an empty GRASSROOTS_VAR; all of it is stopped and removed when COMMAND ends,
# however it ends.
#
# PG_DURABLE=1  PostgreSQL waits for the disk as in production (for measurements); otherwise it does not.
# Exits with COMMAND's own status, or 70 when a server does not start.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ $# -gt 0 ] || die "usage: scripts/with_services.sh COMMAND..."
bin=$(postgres_bin) || die "PostgreSQL is not installed (Debian: apt-get install postgresql)."
command -v redis-server >/dev/null || die "Redis is not installed (Debian: apt-get install redis-server)."

place=$(mktemp -d "${TMPDIR:-/tmp}/grassroots-services.XXXXXX")
echo $$ >"$place/owner"
child=''
# PostgreSQL refuses to run as root; Debian's package brings the user postgres.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

# stop_servers FOLDER: stops what runs in a folder made here, and removes it.
stop_servers() {
    local pid
    [ -f "$1/pg/postmaster.pid" ] && (cd / && as_postgres "$bin/pg_ctl" -D "$1/pg" -m immediate -w stop >/dev/null 2>&1)
    pid=$(cat "$1/redis.pid" 2>/dev/null)
    [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1" ] && kill "$pid"
    rm -rf "$1"
}
# A run that was killed outright (kill -9, a machine's time limit) cannot clean up; the next one does.
stop_orphans() {
    local folder owner
    for folder in "${TMPDIR:-/tmp}"/grassroots-services.*; do
        owner=$(cat "$folder/owner" 2>/dev/null) || continue
        [ -O "$folder" ] && ! kill -0 "$owner" 2>/dev/null && stop_servers "$folder"
    done
}
stop() {
    trap - EXIT INT TERM HUP
    set +e # each server is stopped, whatever became of the one before
    if [ -n "$child" ]; then kill -- "-$child" 2>/dev/null && wait "$child" 2>/dev/null; fi
    stop_servers "$place"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
stop_orphans || true

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s' "$password" >"$place/password"
mkdir "$place/pg" "$place/socket"
chmod 711 "$place"
[ "$(id -u)" = 0 ] && chown postgres "$place/pg" "$place/socket" "$place/password"

start_postgres() {
    local port settings
    (cd / && as_postgres "$bin/initdb" -D "$place/pg" -U grass --auth=scram-sha-256 --pwfile="$place/password" \
        --encoding=UTF8 --locale=C.UTF-8 >"$place/initdb.log" 2>&1) || { cat "$place/initdb.log" >&2; return 1; }
    settings="listen_addresses=127.0.0.1 unix_socket_directories=$place/socket max_connections=200
        shared_buffers=512MB wal_level=minimal max_wal_senders=0 max_wal_size=4GB timezone=UTC"
    [ "${PG_DURABLE:-0}" = 1 ] || settings="$settings fsync=off synchronous_commit=off full_page_writes=off"
    local -a options=()
    for setting in $settings; do options+=(-c "$setting"); done
    for _ in 1 2 3; do # the port may be taken between asking for it and listening on it
        port=$(free_port)
        if (cd / && as_postgres "$bin/pg_ctl" -D "$place/pg" -w -t 60 -l "$place/pg/server.log" \
            -o "-p $port ${options[*]}" start >/dev/null 2>&1); then
            PGPASSWORD=$password "$bin/createdb" -h 127.0.0.1 -p "$port" -U grass grass || return 1
            export DATABASE_URL="postgresql://grass:$password@127.0.0.1:$port/grass"
            return 0
        fi
    done
    cat "$place/pg/server.log" >&2
    return 1
}

start_redis() {
    local port redis_pid
    for _ in 1 2 3; do
        port=$(free_port)
        redis-server --bind 127.0.0.1 --port "$port" --dir "$place" --save '' --appendonly no >"$place/redis.log" 2>&1 &
        redis_pid=$!
        echo "$redis_pid" >"$place/redis.pid"
        for _ in $(seq 50); do
            if redis-cli -p "$port" ping >/dev/null 2>&1; then
                export REDIS_URL="redis://127.0.0.1:$port/0"
                return 0
            fi
            kill -0 "$redis_pid" 2>/dev/null || break
            sleep 0.1
        done
    done
    cat "$place/redis.log" >&2
    return 1
}

start_postgres || { echo "PostgreSQL did not start." >&2; exit 70; }
start_redis || { echo "Redis did not start." >&2; exit 70; }
unset REPLICA_URL
export GRASSROOTS_VAR=$place/var
mkdir -m 700 "$GRASSROOTS_VAR"
set -m # a process group of its own: it can be ended whole, and it does not inherit an ignored SIGINT
"$@" </dev/null &
child=$!
set +m
status=0
wait "$child" || status=$?
child=
exit "$status"
