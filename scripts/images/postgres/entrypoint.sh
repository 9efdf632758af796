#!/bin/sh
# Starts PostgreSQL as the public image does, as far as our tests and the demo use it:
# POSTGRES_USER, POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_DB, /docker-entrypoint-initdb.d/*.sql.
set -eu

case "${1:-postgres}" in
  -*) set -- postgres "$@" ;;
esac
[ "${1:-postgres}" = postgres ] || exec "$@"

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

prepare_folders() {
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres:postgres "$PGDATA" /run/postgresql
  chmod 0700 "$PGDATA"
  chmod 2775 /run/postgresql
}

read_password() {
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  fi
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set for the first start" >&2
    exit 1
  fi
}

run_scripts() {
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ -e "$file" ] || continue
    echo "running $file"
    as_postgres psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$user" -d "$database" <"$file"
  done
}

# The first start. The server that runs the scripts listens on its socket only: no client sees it half done.
first_start() {
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  read_password
  password_file=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password_file"
  chown postgres "$password_file"
  as_postgres initdb --pgdata="$PGDATA" --username="$user" --pwfile="$password_file" --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256 --no-sync >/dev/null
  rm -f "$password_file"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  as_postgres pg_ctl -D "$PGDATA" -w -s -o "-c listen_addresses=''" start
  if [ "$database" != postgres ]; then
    printf 'CREATE DATABASE :"name";\n' | as_postgres psql -q --no-psqlrc -v ON_ERROR_STOP=1 -v name="$database" -U "$user" -d postgres
  fi
  run_scripts
  as_postgres pg_ctl -D "$PGDATA" -w -s -m fast stop
}

if [ "$(id -u)" = 0 ]; then
  prepare_folders
  [ -s "$PGDATA/PG_VERSION" ] || first_start
  unset POSTGRES_PASSWORD
  # PostgreSQL becomes the first process and receives the signals itself.
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
exec "$@"
