#!/bin/sh
# The database of the compose stack: made on the first start, reachable by the other services' network alone. Passwords come
# from the secret file that the service keys has made.
set -eu
DATA=/var/lib/postgresql/data
BIN=/usr/lib/postgresql/15/bin
# The root folder is read-only; sockets stand in the memory's /tmp.
export PGHOST=/tmp
password=$(cat /etc/storefront/keys/database-password)
if [ ! -s "$DATA/PG_VERSION" ]; then
    "$BIN/initdb" -D "$DATA" -U administrator --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 >/dev/null
    echo "host all all all scram-sha-256" >>"$DATA/pg_hba.conf"
    "$BIN/pg_ctl" -D "$DATA" -s -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
    "$BIN/psql" -q -U administrator -d postgres -c "CREATE DATABASE shop"
    "$BIN/psql" -q -U administrator -d shop -v ON_ERROR_STOP=1 -f /usr/share/storefront/sql/roles.sql
    for role in storefront_owner storefront_worker storefront_mailer; do
        printf "ALTER ROLE %s PASSWORD '%s';\n" "$role" "$password" | "$BIN/psql" -q -U administrator -d shop
    done
    "$BIN/pg_ctl" -D "$DATA" -s -w stop
fi
exec "$BIN/postgres" -D "$DATA" -c listen_addresses='*' -c unix_socket_directories=/tmp
