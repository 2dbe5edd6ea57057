#!/bin/sh
# The database of the compose stack: made on the first start, and brought to what this version wants at every one; reachable by
# the other services' network alone. Passwords come from the secret file that the service keys has made.
set -eu
DATA=/var/lib/postgresql/data
BIN=/usr/lib/postgresql/15/bin
# The root folder is read-only; sockets stand in the memory's /tmp.
export PGHOST=/tmp
password=$(cat /etc/storefront/keys/database-password)
if [ ! -s "$DATA/PG_VERSION" ]; then
    "$BIN/initdb" -D "$DATA" -U administrator --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 >/dev/null
fi
grep -q '^host all all all' "$DATA/pg_hba.conf" || echo "host all all all scram-sha-256" >>"$DATA/pg_hba.conf"

# Before anybody else may connect. A start that was interrupted half-way is gone on with.
sql() { "$BIN/psql" -X -q -A -t -U administrator -v ON_ERROR_STOP=1 "$@"; }
"$BIN/pg_ctl" -D "$DATA" -s -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
[ -n "$(sql -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'shop'")" ] ||
    sql -d postgres -c "CREATE DATABASE shop"
sql -d shop -f /usr/share/storefront/sql/roles.sql
for role in storefront_owner storefront_worker storefront_mailer; do
    printf "ALTER ROLE %s PASSWORD '%s';\n" "$role" "$password" | sql -d shop
done
"$BIN/pg_ctl" -D "$DATA" -s -w stop
exec "$BIN/postgres" -D "$DATA" -c listen_addresses='*' -c unix_socket_directories=/tmp
