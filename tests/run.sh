# Sourced by ./dev: every test, by ctest, in two builds: as it is shipped, and under the sanitizers. A third build, with
# clang, is there to be free of warnings, and a fourth lets each fuzzer run for a moment.

test_build() { # $1 = name, the rest = options of cmake; runs its tests and adds to passed, failed
    local name=$1 log status; shift
    build "$name" -DSTOREFRONT_STRICT=ON "$@" || { failed=$((failed + 1)); return 1; }
    log=build/$name/test.log
    # Journeys and browsers wait most of the time: what only computes (nice) fills the gaps.
    (cd "build/$name" && ctest --output-on-failure -j 3 --no-tests=error "${TEST_ARGUMENTS[@]}") 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    passed=$((passed + $(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed ' "$log")))
    failed=$((failed + $(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*(\*\*\*|Not Run)' "$log" | head -1)))
    skipped=$((skipped + $(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*\*\*\*Skipped' "$log")))
    return "$status"
}

run_tests() { # --fast: one build only; the rest goes to ctest
    local fast='' passed=0 failed=0 skipped=0
    [ "${1:-}" != --fast ] || { fast=yes; shift; }
    TEST_ARGUMENTS=("$@")
    if prepare_tests; then
        test_build test -DCMAKE_C_COMPILER=gcc
        [ -n "$fast" ] || test_other_builds
    else
        failed=1
    fi
    failed=$((failed - skipped))
    [ "$skipped" = 0 ] || say "$skipped skipped"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}

prepare_tests() {
    install_group build && install_group run && install_group test || return 1
    (cd tests/browser && npm ci --no-audit --no-fund --silent) || { say "npm packages for the browser's tests are missing"; return 1; }
}

test_other_builds() {
    if build clang -DSTOREFRONT_STRICT=ON -DCMAKE_C_COMPILER=clang -DSTOREFRONT_TESTS=OFF; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    . tests/fuzz/run.sh
    test_build fuzz "${FUZZ_OPTIONS[@]}"
    test_build sanitize -DCMAKE_C_COMPILER=gcc -DSTOREFRONT_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug
}
