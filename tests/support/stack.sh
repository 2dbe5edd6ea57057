#!/bin/bash
# stack.sh up|again|down NAME BUILD: the stack that journeys or the browser are run against; `again` is what a second `up`
# by the same user would be. Passwords are hashed cheaply, so that tests spend their time on what they test. After the last
# test the logs of a sanitizers' build must be silent. A stack https-... is one as customers see it: its public URL is
# https://account.shop.test, which 127.0.0.2 answers, and there are no exceptions for tests.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
command=$1 name=$2 build=$3
export STACK_BUILD=$build
for variable in ${!STOREFRONT_*}; do unset "$variable"; done
export STOREFRONT_PASSWORD_MEMORY_KIB=8192 STOREFRONT_PASSWORD_PASSES=1 STOREFRONT_SHOP_SUPPORT=help@shop.example
case $name in
    browser-*) export STOREFRONT_ADDRESS_LIMITS=off ;;
    model-*) export STOREFRONT_ADDRESS_LIMITS=off STOREFRONT_PASSWORD_MEMORY_KIB=1024 STOREFRONT_MAIL_POLL_MS=10 ;;
esac
case $build in
    *sanitize*) export STACK_SANITIZER_OPTIONS="ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1" ;;
    *coverage*) export STACK_SANITIZER_OPTIONS="GCOV_PREFIX=${GCOV_FOLDER:-/nowhere}" ;;
esac

# nginx's TLS listener beside the plain one, at another address and the same port, and its certificate.
add_tls() {
    local RUN; eval "$(./dev stack "$name" env | grep '^RUN=')"
    PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export PORT STOREFRONT_PUBLIC_URL=https://account.shop.test:$PORT
    mkdir -p "$RUN/nginx" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=shop.test \
        -addext 'subjectAltName=DNS:*.shop.test' -keyout "$RUN/nginx/tls.key" -out "$RUN/nginx/tls.crt" 2>/dev/null || return 1
    printf '%s;\n' "listen 127.0.0.2:$PORT ssl" "ssl_certificate $RUN/nginx/tls.crt" "ssl_certificate_key $RUN/nginx/tls.key" \
        >"$RUN/nginx/beside-tls.conf"
}

case $command in
    up)
        ./dev stack "$name" wipe 2>/dev/null
        case $name in https-*) add_tls || exit 1 ;; esac
        ./dev stack "$name" up ;;
    again) eval "$(./dev stack "$name" env)"; export PORT; ./dev stack "$name" up ;;
    down)
        eval "$(./dev stack "$name" env)"
        ./dev stack "$name" down
        if grep -lE '(Address|Leak)Sanitizer|runtime error:' "$STATE"/log/*.log; then
            grep -hE -A 12 '(Address|Leak)Sanitizer|runtime error:' "$STATE"/log/*.log | head -60
            exit 1
        fi ;;
esac
