#!/bin/sh
# Makes the secrets of deploy/compose.yaml in deploy/secrets, each once: what is there stays. Needs openssl.
# The certificate is one of its own making, to begin with: put yours over tls_certificate and tls_key.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
# Nobody else of this machine gets in; the containers' users read the files, which are mounted one by one.
chmod 700 "$folder"
cd "$folder"

keep() { # NAME: keep what comes in, unless there is something already
    if [ -s "$1" ]; then cat >/dev/null; else cat >"$1.draft" && chmod 444 "$1.draft" && mv -f "$1.draft" "$1"; fi
}

random() { openssl rand -hex 32; }

random | keep secret_key
random | keep fernet_keys
random | keep postgres_password
random | keep database_password
printf 'postgres://runbell:%s@postgres:5432/runbell\n' "$(cat database_password)" | keep database_url
if [ ! -s redis_conf ]; then
    password=$(random)
    printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 384mb\nmaxmemory-policy noeviction\n' "$password" | keep redis_conf
    printf 'redis://:%s@redis:6379/0\n' "$password" | keep redis_url
fi
if [ ! -s tls_key ]; then
    name=${RUNBELL_HOST_NAME:-localhost}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$name" \
        -addext "subjectAltName=DNS:$name" -keyout key.draft -out certificate.draft 2>/dev/null
    keep tls_key <key.draft && keep tls_certificate <certificate.draft && rm -f key.draft certificate.draft
fi
