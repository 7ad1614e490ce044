#!/usr/bin/env bash
# Everything that must be green: style, types, migrations, settings, and the tests on each database there is.
# `tests/run.sh faults` runs the fault tests alone.
set -euo pipefail
cd "$(dirname "$0")/.."

RUNBELL_DATA_DIR=$(mktemp -d)
trap 'rm -rf "$RUNBELL_DATA_DIR"' EXIT
export RUNBELL_DATA_DIR
# Empty, not unset: else a .env file could point the tests at a database in use.
export DATABASE_URL= REDIS_URL=
export PATH="$PWD/.venv/bin:$PATH"

postgres=${RUNBELL_TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres}
redis=${RUNBELL_TEST_REDIS_URL:-redis://127.0.0.1:6379/9}

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

only=${1:-}

tests_pass() {
    if [ "$only" = faults ]; then
        step python -m pytest -q -m faults -rP tests/faults
        return
    fi
    step python -m pytest -q -n auto -m "not processes and not browser"
    step python -m pytest -q -m "processes and not faults" "$@"
    # -rP: what they measured, such as how many deliveries were repeated.
    step python -m pytest -q -m faults -rP tests/faults
}

style_and_types() {
    step ruff check
    step ruff format --check
    step mypy .
    step python manage.py makemigrations --check --dry-run
    RUNBELL_URL=https://runbell.example step python manage.py check --deploy --fail-level WARNING
}

answers() {
    python -c "$1" "$2" 2>/dev/null
}

[ "$only" = faults ] || style_and_types
tests_pass
[ "$only" = faults ] || step python -m pytest -q -m browser

left_out=
answers 'import psycopg, sys; psycopg.connect(sys.argv[1], connect_timeout=3)' "$postgres" || left_out+=" PostgreSQL"
answers 'import redis, sys; redis.from_url(sys.argv[1], socket_timeout=3).ping()' "$redis" || left_out+=" Redis"
[ -n "$(python -c 'from tests.browser import chromium; print(chromium.path() or "")')" ] || {
    printf '\n!! LEFT OUT: every test in a browser. There is no Chromium here (apt-get install chromium).\n'
}
if [ -n "$left_out" ]; then
    printf '\n!! LEFT OUT: the tests on PostgreSQL with Redis. No answer from:%s\n' "$left_out"
    printf '!! Say where they are with RUNBELL_TEST_DATABASE_URL and RUNBELL_TEST_REDIS_URL.\n'
else
    printf '\n== once more, on PostgreSQL with Redis\n'
    export DATABASE_URL=$postgres REDIS_URL=$redis
    # The wandb SDK in processes of its own ran above; what it asks of the database is asked again in process.
    tests_pass --ignore=tests/wandb_api
fi
