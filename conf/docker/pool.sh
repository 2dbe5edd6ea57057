#!/bin/sh
# pool.sh POOL WORKERS QUEUE: one pool of workers on its socket in the folder that nginx shares.
set -eu
rm -f "/run/storefront/$1.sock"
export STOREFRONT_POOL="$1" STOREFRONT_SOCKET_FOLDER=/run/storefront
exec spawn-fcgi -n -s "/run/storefront/$1.sock" -M 0660 -b "$3" -- /usr/bin/multiwatch -f "$2" -r 1000 -t 1000 -- \
    /usr/bin/storefront serve
