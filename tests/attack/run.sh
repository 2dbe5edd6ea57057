# Sourced by ./dev: one stack with the limits of production and a cheap hash, so that guesses are many; the programs beside
# this attack it from this machine alone. What is to cost what it costs in production gets workers of its own.

run_attacks() { # the parts that are wanted, or none for all
    . tests/run.sh
    prepare_tests && install_group attack && build attack -DSTOREFRONT_TESTS=OFF || return 1
    export STACK=attack STACK_BUILD=attack
    tests/support/stack.sh up attack attack || return 1
    /usr/bin/python3 -B tests/attack/attack.py "$@"
    local status=$?
    ./dev stack attack wipe
    return $status
}
