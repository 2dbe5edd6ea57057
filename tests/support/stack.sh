#!/bin/bash
# stack.sh up|again|down NAME BUILD: the stack that journeys or the browser are run against; `again` is what a second `up`
# by the same user would be. Passwords are hashed cheaply, so that tests spend their time on what they test. After the last
# test the logs of a sanitizers' build must be silent.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
command=$1 name=$2 build=$3
export STACK_BUILD=$build
for variable in ${!STOREFRONT_*}; do unset "$variable"; done
export STOREFRONT_PASSWORD_MEMORY_KIB=8192 STOREFRONT_PASSWORD_PASSES=1 STOREFRONT_SHOP_SUPPORT=help@shop.example
case $name in browser-*) export STOREFRONT_ADDRESS_LIMITS=off ;; esac
case $build in
    *sanitize*) export STACK_SANITIZER_OPTIONS="ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1" ;;
esac
case $command in
    up) ./dev stack "$name" wipe 2>/dev/null; ./dev stack "$name" up ;;
    again) eval "$(./dev stack "$name" env)"; export PORT; ./dev stack "$name" up ;;
    down)
        eval "$(./dev stack "$name" env)"
        ./dev stack "$name" down
        if grep -lE '(Address|Leak)Sanitizer|runtime error:' "$STATE"/log/*.log; then
            grep -hE -A 12 '(Address|Leak)Sanitizer|runtime error:' "$STATE"/log/*.log | head -60
            exit 1
        fi ;;
esac
