#!/bin/sh
# nginx of the compose stack: the same configuration as ./dev, filled with this stack's paths.
set -eu
mkdir -p /run/web/nginx /run/web/log /run/web/temporary
fill() {
    sed -e "s|@STATE@/log/nginx-access.log|/dev/stdout|; s|@STATE@/nginx|/run/web/temporary|g; s|@STATE@|/run/web|g" \
        -e "s|@RUN@/fcgi|/run/storefront|g; s|@RUN@|/run/web|g; s|@STATIC@|/var/lib/storefront/static|g" \
        -e "s|127.0.0.1:@PORT@|8080|; s|@USER_LINE@||; s|@LISTEN_IPV6@||; s|@ADDRESS_LIMITS@|${STOREFRONT_ADDRESS_LIMITS:-on}|g" \
        -e "s|@REQUEST_RATE@|${STOREFRONT_REQUEST_RATE:-50}|g; s|@REQUEST_BURST@|${STOREFRONT_REQUEST_BURST:-400}|g" \
        -e "s|@CLIENT_CONNECTIONS@|${STOREFRONT_CLIENT_CONNECTIONS:-200}|g; s|@CONNECTIONS@|4096|g" "/usr/share/storefront/nginx/$1"
}
cp /var/lib/storefront/static/pools.conf /run/web/nginx/pools.conf
fill storefront.conf.in >/run/web/nginx/storefront.conf
fill storefront-site.conf.in >/run/web/nginx/storefront-site.conf
fill storefront-metrics.conf.in >/run/web/nginx/storefront-metrics.conf
fill development.conf.in >/run/web/nginx/nginx.conf
exec nginx -e stderr -c /run/web/nginx/nginx.conf
