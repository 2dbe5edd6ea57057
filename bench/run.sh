# Sourced by ./dev: one stack, its limits off, with the hash that the goals are written for; the programs beside this do
# the rest. pg_stat_statements is there, and counts only when a case asks for it.

run_bench() { # the cases that are wanted, or none for all; --all: the slow ones too
    install_group build && install_group run && install_group bench && build bench || return 1
    export STACK_BUILD=bench STOREFRONT_ADDRESS_LIMITS=off STOREFRONT_PASSWORD_MEMORY_KIB=19456 STOREFRONT_PASSWORD_PASSES=2
    export STACK_POSTGRES_OPTIONS="-c shared_preload_libraries=pg_stat_statements"
    ./dev stack bench wipe 2>/dev/null
    ./dev stack bench up || return 1
    ./dev stack bench psql -c "ALTER SYSTEM SET pg_stat_statements.track = 'none'" -c "SELECT pg_reload_conf()" >/dev/null || return 1
    /usr/bin/python3 -B bench/bench.py "$@"
    local status=$?
    ./dev stack bench wipe
    return $status
}
