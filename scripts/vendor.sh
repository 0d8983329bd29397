#!/usr/bin/env bash
# Fetches the browser's third-party files anew, at the versions below, with npm's own client, and writes their
# checksums into static/vendor/README.md. Nothing of npm is needed to run or test the project.
#
# To take a newer version: change it here, run this, `manage.py build_icons`, change the folder's name where
# templates and tests name it, delete the old folder, look at the pages.
set -euo pipefail
cd "$(dirname "$0")/.."

BOOTSTRAP=5.3.9 ICONS=1.13.2 HTMX=2.0.11 AXE=4.14.1 ESBUILD=0.28.2
vendor=static/vendor
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# take PACKAGE VERSION FOLDER FILE...: unpacks the package and copies its FILEs into static/vendor/FOLDER@VERSION.
take() {
    local package=$1 version=$2 target=$vendor/$3@$2 archive
    shift 3
    archive=$(cd "$scratch" && npm pack --silent "$package@$version")
    mkdir -p "$scratch/$package" "$target"
    tar -xzf "$scratch/$archive" -C "$scratch/$package"
    for file in "$@"; do install -m 644 "$scratch/$package/package/$file" "$target/"; done
}

take bootstrap $BOOTSTRAP bootstrap LICENSE dist/css/bootstrap.min.css dist/js/bootstrap.bundle.min.js
take bootstrap-icons $ICONS bootstrap-icons LICENSE bootstrap-icons.svg
take htmx.org $HTMX htmx LICENSE dist/htmx.min.js
# htmx 2 has ?. and ??, over which Chrome 79 stumbles before its first line: the same in older words.
lowered=$vendor/htmx@$HTMX/htmx.min.js
npx --yes esbuild@$ESBUILD "$lowered" --target=chrome79 --minify --log-level=warning --outfile="$scratch/htmx.min.js"
install -m 644 "$scratch/htmx.min.js" "$lowered"
# For tests alone, so not under static/: nobody is ever sent it.
vendor=tests/e2e/vendor take axe-core $AXE axe-core LICENSE LICENSE-3RD-PARTY.txt axe.min.js

{
    sed '/^```$/,$d' "$vendor/README.md"
    echo '```'
    (cd "$vendor" && find . -mindepth 2 -type f | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum)
    echo '```'
} >"$scratch/README.md"
install -m 644 "$scratch/README.md" "$vendor/README.md"
