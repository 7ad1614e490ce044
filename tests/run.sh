#!/usr/bin/env bash
# Everything that must be green: style, types, migrations, settings, and the tests on each database there is.
# `tests/run.sh faults` runs the fault tests alone, `tests/run.sh properties` the property tests on far more examples.
# `tests/run.sh check`: style, types and the tests of what the work tree changes, in about a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

# Nothing of the person's surroundings: no PORT, no RUNBELL_*, no proxy, no .env. What the tests may be told is
# RUNBELL_TEST_* alone. For the tests themselves tests/environment.py sees to it, however they are started.
if [ -z "${RUNBELL_TEST_CLEAN:-}" ]; then
    told=()
    for name in PATH HOME USER TERM TMPDIR LD_LIBRARY_PATH $(compgen -e RUNBELL_TEST_ || true); do
        [ -z "${!name+set}" ] || told+=("$name=${!name}")
    done
    exec env -i "${told[@]}" LANG=C.UTF-8 DJANGO_READ_DOT_ENV_FILE=false RUNBELL_TEST_CLEAN=yes bash tests/run.sh "$@"
fi

RUNBELL_DATA_DIR=$(mktemp -d)
trap 'rm -rf "$RUNBELL_DATA_DIR"' EXIT
export RUNBELL_DATA_DIR
export PATH="$PWD/.venv/bin:$PATH"

postgres=${RUNBELL_TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres}
redis=${RUNBELL_TEST_REDIS_URL:-redis://127.0.0.1:6379/9}

table=
step() {
    printf '\n== %s\n' "$*"
    local begun=$SECONDS
    "$@"
    table+=$(printf '%6d s  %s' $((SECONDS - begun)) "$*")$'\n'
}

# What is lost when something dies, however long it takes.
losses=(tests/faults/test_kills.py tests/faults/test_crash_points.py)
faults() {
    # -rP: what they measured, such as how many deliveries were repeated. Those that measure time run alone.
    step python -m pytest -q -m faults -rP --durations=10 -n 2 --dist loadfile "$@" "${losses[@]}"
    step python -m pytest -q -m faults -rP --durations=10 "$@" tests/faults "${losses[@]/#/--ignore=}"
}

tests_pass() {
    # A file stays in one process: some of its tests stand on what others of them found, and worlds are made once.
    step python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --durations=15 -m "not processes and not browser" "$@"
    step python -m pytest -q --durations=15 -m "processes and not faults" "${processes[@]}" "$@"
}

style_and_types() {
    step ruff check
    step ruff format --check
    step mypy .
    step python manage.py makemigrations --check --dry-run
    # As behind a proxy with https, for a host that is all of its domain.
    RUNBELL_URL=https://runbell.example RUNBELL_TRUSTED_PROXIES=127.0.0.1/32 RUNBELL_HSTS_SUBDOMAINS=true \
        RUNBELL_HSTS_PRELOAD=true step python manage.py check --deploy --fail-level WARNING
}

answers() {
    python -c "$1" "$2" 2>/dev/null
}

if [ "${1:-}" = check ]; then
    step ruff check
    step ruff format --check
    step mypy .
    step python -m tests.selection
    printf '\n== how long each took\n%s%6d s  in all\n' "$table" "$SECONDS"
    exit
fi

left_out=
answers 'import psycopg, sys; psycopg.connect(sys.argv[1], connect_timeout=3)' "$postgres" || left_out+=" PostgreSQL"
answers 'import redis, sys; redis.from_url(sys.argv[1], socket_timeout=3).ping()' "$redis" || left_out+=" Redis"

# A file at a time in each of three: half of their time they wait for a process to start. In their order: else files of
# one long test would come last, and be waited for.
processes=(-n 3 --dist loadfile --no-loadscope-reorder)
case ${1:-} in
"")
    style_and_types
    tests_pass
    # Chromium keeps both cores busy.
    step python -m pytest -q -m browser --durations=10 -n 2 --dist loadfile
    # All of them on PostgreSQL, where it answers, and of SQLite its lock; `make test-faults` runs all on each.
    if [ -n "$left_out" ]; then
        faults
    else
        step python -m pytest -q -m faults -rP -k locked tests/faults/test_outages.py
    fi
    ;;
faults) faults ;;
properties) step python -m pytest -q -n auto --hypothesis-profile=thorough -m hypothesis ;;
*)
    echo "tests/run.sh takes nothing, check, faults or properties" >&2
    exit 2
    ;;
esac

[ -n "$(python -c 'from tests.browser import chromium; print(chromium.path() or "")')" ] || {
    printf '\n!! LEFT OUT: every test in a browser. There is no Chromium here (apt-get install chromium).\n'
}
if [ -n "$left_out" ]; then
    printf '\n!! LEFT OUT: the tests on PostgreSQL with Redis. No answer from:%s\n' "$left_out"
    printf '!! Say where they are with RUNBELL_TEST_DATABASE_URL and RUNBELL_TEST_REDIS_URL.\n'
else
    printf '\n== once more, on PostgreSQL with Redis: what touches them\n'
    # The wandb SDK in processes of its own ran above; what it asks of the database is asked again in process. Sockets,
    # commands, settings, the wheel, the proxy and what is masked are no question of the database.
    for once in wandb_api packaging config integrations cli test_environment.py stories/test_demo.py stories/test_leaks.py; do
        processes+=(--ignore="tests/$once")
    done
    case ${1:-} in
    "")
        export RUNBELL_TEST_SECOND_DATABASE=yes
        tests_pass --postgresql
        faults --postgresql
        ;;
    faults) faults --postgresql ;;
    properties) step python -m pytest -q -n auto --postgresql --hypothesis-profile=thorough -m hypothesis ;;
    esac
fi
printf '\n== how long each took\n%s%6d s  in all\n' "$table" "$SECONDS"
