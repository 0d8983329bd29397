#!/usr/bin/env bash
# scripts/test.sh [PHASE...]   PHASE: lint, pg, sqlite, e2e; without one: all of them, in this order.
#
# lint    style, templates, types, layers, house rules, migrations, deployment check
# pg      the suite on PostgreSQL with Redis, but for the browser journeys
# sqlite  the suite on SQLite: every test that touches the database, but for the browser journeys and what needs
#         PostgreSQL or Redis
# e2e     the browser journeys, on PostgreSQL with Redis and a real worker
#
# What is missing is installed by apt when this runs as root on a Debian; otherwise it is named and left out. With
# CI=true nothing may be missing. The last line printed is the last pytest run's own. See docs/development.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

phases=("$@")
[ $# -gt 0 ] || phases=(lint pg sqlite e2e)
for phase in "${phases[@]}"; do
    case $phase in lint | pg | sqlite | e2e) ;; *) die "No phase '$phase': lint, pg, sqlite, e2e." ;; esac
done
wanted() { [[ " ${phases[*]} " == *" $1 "* ]]; }
in_ci() { [ "${CI:-}" = true ]; }

# --- what the machine has ------------------------------------------------------------------------------------
find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_cjk_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family)" ]; }
has_venv() { [ -x "$VENV/bin/python" ] || python3 -c 'import ensurepip, venv' 2>/dev/null; }

missing_packages() {
    has_venv || echo python3-venv
    if wanted pg || wanted e2e; then
        postgres_bin >/dev/null || echo postgresql
        command -v redis-server >/dev/null || echo redis-server
    fi
    if wanted e2e; then
        find_chromium >/dev/null || echo chromium
        has_cjk_font || echo fontconfig fonts-noto-cjk
    fi
}

install_missing() {
    local packages
    packages=$(missing_packages | xargs)
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing: $packages"
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends $packages; } >"$scratch/apt.log" 2>&1 ||
            { tail -n 20 "$scratch/apt.log"; say "apt-get could not install: $packages"; }
    fi
    packages=$(missing_packages | xargs)
    [ -n "$packages" ] || return 0
    in_ci && die "Missing, and CI leaves nothing out: $packages"
    say "Missing (Debian's names): $packages"
}

# Drops from `phases` what cannot run here, and says so.
drop_impossible() {
    local phase reason kept=()
    for phase in "${phases[@]}"; do
        reason=''
        case $phase in
            pg | e2e) { postgres_bin && command -v redis-server; } >/dev/null || reason="PostgreSQL or Redis is missing" ;;
        esac
        if [ "$phase" = e2e ]; then find_chromium >/dev/null || reason="Chromium is missing"; fi
        if [ -n "$reason" ]; then say "LEFT OUT: $phase ($reason)"; else kept+=("$phase"); fi
    done
    [ ${#kept[@]} -gt 0 ] || die "Nothing is left to run."
    phases=("${kept[@]}")
}

# --- the phases ----------------------------------------------------------------------------------------------
check() { # check NAME COMMAND...: prints the command's output, at most 80 lines of it, only when it fails
    local name=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        say "  ok    $name"
    else
        say "  FAIL  $name"
        head -n 80 "$scratch/check.log" | cut -c 1-200 | sed 's/^/        /'
        failed_checks+=("$name")
    fi
}

run_checks() {
    local failed_checks=() bin=$VENV/bin
    export GRASSROOTS_VAR=$scratch/var
    check "ruff check" "$bin/ruff" check --output-format concise .
    check "ruff format" "$bin/ruff" format --check --output-format concise .
    check "djlint format" "$bin/djlint" templates --check
    check "djlint lint" "$bin/djlint" templates --lint
    check "mypy" "$bin/mypy"
    check "layers" "$bin/lint-imports"
    check "house rules, old browsers" "$bin/python" scripts/house_rules.py
    check "migrations" "$bin/python" manage.py makemigrations --check --dry-run
    check "deployment" env HTTPS=1 "SECRET_KEY=$(od -An -N40 -tx1 /dev/urandom | tr -d ' \n')" \
        "$bin/python" -W error::DeprecationWarning:grassroots manage.py check --deploy --fail-level WARNING
    unset GRASSROOTS_VAR
    [ ${#failed_checks[@]} = 0 ] || die "Failed: ${failed_checks[*]}"
}

# Migrations take a worker 20 seconds on either database. While the checks keep one core busy, the other one makes a
# database of each kind with all of them applied; the workers' databases are copies of these (tests/template.py).
pg_template='' sqlite_template=''
on_sqlite() { env -u DATABASE_URL -u REPLICA_URL -u REDIS_URL "$@"; }
lay_templates() {
    local -a lay=("$VENV/bin/python" -m tests.template)
    if wanted pg || wanted e2e; then PYTEST_DB_SUFFIX=_template "${lay[@]}" || return; fi
    if wanted sqlite; then on_sqlite GRASSROOTS_TEST_VAR="$scratch/template" "${lay[@]}"; fi
}
run_lint() {
    local laying status=0
    lay_templates >"$scratch/templates.log" 2>&1 &
    laying=$!
    (
        unset DATABASE_URL REDIS_URL
        run_checks
    ) || status=$?
    [ $status = 0 ] || { wait "$laying"; exit $status; }
    wait "$laying" || { tail -n 40 "$scratch/templates.log"; die "The migrations could not be applied; see above."; }
    pg_template=test_grass_template sqlite_template=$scratch/template/test.sqlite3
}

# xdist's plain distribution hands tests out in their order, which matters: pytest-django puts those that empty the
# database last, and work stealing would run others after them, without the rows that migrations bring.
run_pg() { TEST_TEMPLATE=$pg_template "$VENV/bin/python" -m pytest -n 2 -m "not e2e"; }
run_sqlite() {
    on_sqlite TEST_TEMPLATE="$sqlite_template" \
        "$VENV/bin/python" -m pytest -n 2 --only-database -m "not e2e and not postgres and not redis"
}
# Every journey empties the database and begins anew, so that they may go in any order and be stolen.
run_e2e() {
    CHROMIUM=${CHROMIUM:-$(find_chromium)} TEST_TEMPLATE=$pg_template \
        "$VENV/bin/python" -m pytest -n 2 --dist worksteal -m e2e tests/e2e
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/grassroots-check.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
if [ -z "${TEST_SERVICES:-}" ]; then # the first time: see what there is, and begin anew beside servers of one's own
    install_missing
    drop_impossible
    ensure_venv requirements-dev.txt
    if wanted pg || wanted e2e; then
        rm -rf "$scratch"
        TEST_SERVICES=1 exec scripts/with_services.sh bash scripts/test.sh "${phases[@]}"
    fi
fi

times=()
for index in "${!phases[@]}"; do
    phase=${phases[$index]}
    if [ "$index" = $((${#phases[@]} - 1)) ] && [ ${#times[@]} -gt 0 ]; then
        say "" "Passed so far: ${times[*]}"
    fi
    say "" "--- $phase"
    began=$SECONDS
    "run_$phase"
    times+=("$phase $((SECONDS - began)) s;")
done
