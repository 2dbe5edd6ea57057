# Sourced by ./dev: every call fails in turn, and `model`: random lives of accounts beside a model of them. The long forms of
# what ./dev test does in short; each on a stack of its own.

run_torture() { # model and what tests/model/run_model.py takes; else what tests/torture/run_torture.py takes
    local kind=torture program=tests/torture/run_torture.py status
    [ "${1:-}" != model ] || { kind=model program=tests/model/run_model.py; shift; }
    install_group build && install_group run && install_group test &&
        build test -DSTOREFRONT_STRICT=ON -DCMAKE_C_COMPILER=gcc || return 1
    tests/support/stack.sh up $kind-long test || return 1
    STACK=$kind-long STACK_BUILD=test /usr/bin/python3 -B $program "$@"
    status=$?
    tests/support/stack.sh down $kind-long test || status=1
    return $status
}
