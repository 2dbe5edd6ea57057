#!/bin/sh
# Makes the compose stack's secrets, once: the secret key, the database's password, and the urls that carry it.
set -eu
cd /etc/storefront/keys
umask 027
random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
[ -s secret.key ] || printf '1 %s\n' "$(random)" >secret.key
[ -s database-password ] || random >database-password
for role in owner worker mailer; do
    printf 'host=db dbname=shop user=storefront_%s password=%s' "$role" "$(cat database-password)" >"$role-url"
done
