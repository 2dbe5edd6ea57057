# Sourced by ./dev: what is too slow for every run. gcc's analyzer and clang's (scan-build, with the checkers that clang-tidy
# does not turn on) look through every path of src; each finding is an error.

# Checkers that are off by default: those that speak of memory, of strings and of what came from outside.
SCAN_CHECKERS="alpha.core.BoolAssignment alpha.core.CastSize alpha.core.IdenticalExpr alpha.core.PointerArithm
    alpha.core.SizeofPtr alpha.core.TestAfterDivZero alpha.security.MallocOverflow alpha.security.MmapWriteExec
    alpha.security.ReturnPtrRange alpha.security.taint.TaintPropagation alpha.unix.Chroot alpha.unix.SimpleStream
    alpha.unix.cstring.BufferOverlap alpha.unix.cstring.NotNullTerminated alpha.unix.cstring.OutOfBounds
    nullability optin.portability.UnixAPI security.FloatLoopCounter security.insecureAPI.strcpy valist"

run_analyzers() {
    local checker checkers=() status=0
    install_group build && install_group test && install_group analyze || return 1
    for checker in $SCAN_CHECKERS; do checkers+=(-enable-checker "$checker"); done
    analyze_with_gcc || status=1
    analyze_with_clang "${checkers[@]}" || status=1
    [ $status != 0 ] || say "neither gcc's nor clang's analyzer finds anything in src"
    return $status
}

# File by file: optimised as one whole program, as RelWithDebInfo is, it would be looked through for hours.
analyze_with_gcc() {
    rm -rf build/analyze-gcc
    build analyze-gcc -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=-fanalyzer -DCMAKE_BUILD_TYPE=MinSizeRel -DSTOREFRONT_STRICT=ON \
        -DSTOREFRONT_TESTS=OFF
}

# scan-build puts itself in the compiler's place by CC, which cmake takes up when it first sees the folder.
analyze_with_clang() { # the arguments are scan-build's
    local at=build/analyze-clang status
    rm -rf $at && mkdir -p $at
    scan-build --use-cc=clang -o $at/reports "$@" cmake -S . -B $at -DSTOREFRONT_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug \
        >$at/configure.log 2>&1 || { tail -5 $at/configure.log >&2; return 1; }
    scan-build --use-cc=clang --status-bugs -o $at/reports "$@" cmake --build $at -j "$(nproc)" >$at/build.log 2>&1
    status=$?
    grep -E '(warning|error):' $at/build.log | sort -u >&2
    [ -n "$(find $at -name 'libstorefront_rooms.a')" ] && return $status
}
