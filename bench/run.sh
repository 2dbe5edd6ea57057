# Sourced by ./dev: one stack, its limits off, and the floor behind the same nginx; the programs beside this do the rest.

run_bench() {
    install_group build && install_group run && install_group bench && build bench || return 1
    export STACK_BUILD=bench STOREFRONT_ADDRESS_LIMITS=off
    ./dev stack bench wipe 2>/dev/null
    ./dev stack bench up || return 1
    case "${1:-}" in
        instructions) /usr/bin/python3 -B bench/instructions.py ;;
        *) /usr/bin/python3 -B bench/bench.py "$@" ;;
    esac
    local status=$?
    ./dev stack bench wipe
    return $status
}
