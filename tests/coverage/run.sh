# Sourced by ./dev: what of src/ the tests run. A build with gcc counts lines and branches of every test; one with clang counts
# regions of the units and the fuzzers' seeds alone. Stacks and services run as other users, so their programs count in files
# that everybody may write to. Who ends by itself or by a signal of its own writes its counts (counts.c); what is killed does not.

run_coverage() { # --add: to what was counted before; the rest goes to ctest
    local adds=''; [ "${1:-}" != --add ] || { adds=yes; shift; }
    local counts=/tmp/storefront-coverage-$(short_name) status=0
    install_group build && install_group run && install_group test && install_group coverage || return 1
    (cd tests/browser && npm ci --no-audit --no-fund --silent) || return 1
    build coverage -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DSTOREFRONT_STRICT=ON -DSTOREFRONT_COVERAGE=ON || return 1
    LLVM_PROFILE_FILE=/dev/null build regions -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DSTOREFRONT_STRICT=ON -DSTOREFRONT_COVERAGE=ON || return 1
    [ -n "$adds" ] || find build/coverage -name '*.gcda' -delete
    make_count_files "$counts" || return 1
    export GCOV_FOLDER=$counts
    (cd build/coverage && ctest --output-on-failure -j 2 -E '^(lint|package)\.' "$@") || status=1
    [ $# -gt 0 ] || count_torture || status=1
    [ $# -gt 0 ] || count_system || status=1
    count_regions || status=1
    merge_counts "$counts" && report_coverage || status=1
    rm -rf "$counts"
    return $status
}

# Every call of the starts and of the mailer fails once on each way to it: a choice of them would leave out what they do then.
count_torture() {
    local part status=0
    tests/support/stack.sh up torture-coverage coverage || return 1
    for part in starts mailer; do
        STACK=torture-coverage STACK_BUILD=coverage /usr/bin/python3 -B tests/torture/run_torture.py ways $part || status=1
    done
    tests/support/stack.sh down torture-coverage coverage || status=1
    return $status
}

# The machines' programs are this build's, packed as they are; what containers and another release of Debian build is not this.
count_system() {
    . tests/system/run.sh
    SYSTEM_TEST_BUILD=coverage RELEASES=bookworm STACK_SANITIZER_OPTIONS="GCOV_PREFIX=$GCOV_FOLDER" \
        run_system_tests clock connections disk failover mail package processes reload
}

# Behind the walls nobody makes a folder, and what one user makes no other may write to.
make_count_files() { # $1 = folder
    rm -rf "$1"
    find "$HERE/build/coverage" -name '*.gcno' -printf "$1%h\n" | sort -u | (umask 0; xargs mkdir -p)
    find "$HERE/build/coverage" -name '*.gcno' -printf "$1%p\n" | sed 's/gcno$/gcda/' | (umask 0; xargs touch)
}

# What the stacks counted has the path of its objects behind the folder.
merge_counts() { # $1 = folder
    local stack=$1$HERE/build/coverage merged=build/coverage/merged
    find "$stack" -name '*.gcda' -empty -delete
    [ -n "$(find "$stack" -name '*.gcda' -print -quit)" ] || return 0
    rm -rf "$merged"
    gcov-tool merge -o "$merged" build/coverage "$stack" >/dev/null 2>&1 || { say "the counts could not be merged"; return 1; }
    cp -r "$merged"/. build/coverage/ && rm -rf "$merged"
}

count_regions() {
    local at=$HERE/build/regions counts=$HERE/build/regions/counts binaries
    rm -rf "$counts" && mkdir "$counts" || return 1
    (cd "$at" && LLVM_PROFILE_FILE=$counts/%p ctest --output-on-failure -j 2 -R '^(unit|fuzz)\.') || return 1
    binaries=$(find "$at/tests" -type f -executable \( -name 'unit_*' -o -name 'fuzz_*' \) -printf ' -object %p')
    set -- "${binaries# -object }" -instr-profile "$at/regions" -ignore-filename-regex '/(tests|generated)/'
    llvm-profdata merge -sparse -failure-mode=all -o "$at/regions" "$counts"/* &&
        llvm-cov export -summary-only $1 "${@:2}" >"$at/summary.json" &&
        llvm-cov show -format html -show-regions -output-dir "$at/report" $1 "${@:2}"
}

report_coverage() {
    mkdir -p build/coverage/report
    gcovr --root . --object-directory build/coverage --filter 'src/' --exclude-unreachable-branches --print-summary \
        --json-summary build/coverage/summary.json --html-details build/coverage/report/index.html build/coverage \
        >build/coverage/summary.txt 2>build/coverage/gcovr.log || { tail -5 build/coverage/gcovr.log >&2; return 1; }
    /usr/bin/python3 -B tests/coverage/table.py build/coverage/summary.json build/regions/summary.json docs/coverage.md
}
