# Sourced by ./dev: the system tests, which boot bare machines. Each executable tests/system/test_* is one; it says what
# it does and ends with 0 or 1. Arguments choose among them by a part of their names. Nothing is skipped. SYSTEM_TEST_BUILD
# names a build to test that is there already; its programs count in GCOV_FOLDER (tests/coverage).

run_system_tests() {
    local passed=0 failed=0 test
    if [ "$(id -u)" != 0 ]; then say "system tests boot machines and need root"; failed=1; fi
    [ "$failed" != 0 ] || prepare_system_tests || failed=1
    [ "$failed" != 0 ] || for test in tests/system/test_*; do
        [ -x "$test" ] && system_test_is_chosen "${test##*/}" "$@" || continue
        printf -- '--- %s\n' "${test##*/}"
        if "$test"; then passed=$((passed + 1)); else failed=$((failed + 1)); printf -- '--- %s failed\n' "${test##*/}"; fi
    done
    # A choice that chooses nothing is a mistake.
    [ $((passed + failed)) != 0 ] || { say "no such test: $*"; failed=1; }
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}

prepare_system_tests() { # they run the programs of build/dev
    install_group build && install_group run && install_group test && install_group system && install_group bench && build dev
}

system_test_is_chosen() { # $1 = test, the rest = parts of names; none: all of them
    local test=$1 part; shift
    [ $# != 0 ] || return 0
    for part in "$@"; do case $test in *"$part"*) return 0 ;; esac; done
    return 1
}
