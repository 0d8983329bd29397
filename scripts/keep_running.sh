#!/usr/bin/env bash
# scripts/keep_running.sh COMMAND...: starts COMMAND again when it dies (killed, out of memory), until this script is
# told to stop. Under honcho the death of one process ends them all: a worker that dies must not take the pages along.
# Gives up, with COMMAND's status, when it has died five times within ten seconds of its start.
set -u
child=
stop() {
    trap '' INT TERM
    kill -TERM "$child" 2>/dev/null
    wait "$child"
    exit 0
}
trap stop INT TERM
early=0
while :; do
    started=$SECONDS
    "$@" &
    child=$!
    wait "$child"
    status=$?
    if [ $((SECONDS - started)) -lt 10 ]; then early=$((early + 1)); else early=0; fi
    [ "$early" -ge 5 ] && exit "$status"
    printf 'ended with %s, starting it again\n' "$status" >&2
    sleep 2 &
    child=$!
    wait "$child"
done
