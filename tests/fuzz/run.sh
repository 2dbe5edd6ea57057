# Sourced by ./dev: long runs of the fuzzers. What they find stays in build/fuzz (or build/afl): inputs that reach something
# new, from which the next run goes on, and crashes, which belong into tests/fuzz/crashes once they are mended.

fuzz_usage() { say "usage: ./dev fuzz [--afl] [HARNESS ...|all] [MINUTES]; harnesses:" $(fuzz_names); return 2; }

fuzz_names() { basename -s .c -a "$HERE"/tests/fuzz/fuzz_*.c | sed 's/^fuzz_//'; }

run_fuzz() { # [--afl] [harness ...] [minutes of a processor for each]
    local tool=libfuzzer name names=() minutes=1 status=0
    [ "${1:-}" != --afl ] || { tool=afl; shift; }
    while [ $# -gt 0 ] && ! [[ $1 =~ ^[1-9][0-9]*$ ]]; do names+=("$1"); shift; done
    [ $# = 0 ] || { minutes=$1; shift; }
    [ $# = 0 ] || { fuzz_usage; return; }
    [ "${names[*]:-all}" != all ] || names=($(fuzz_names))
    for name in "${names[@]}"; do [ -f "tests/fuzz/fuzz_$name.c" ] || { fuzz_usage; return; }; done
    . tests/fuzz/lengths.sh
    install_group build && install_group test && { [ $tool != afl ] || install_group fuzz; } || return 1
    fuzz_build $tool || return 1
    write_down_fuzz
    fuzz_all "$tool" "$minutes" "${names[@]}" || status=1
    write_down_fuzz
    return $status
}

# As many at once as there are processors.
fuzz_all() { # $1 = tool, $2 = minutes, the rest = harnesses
    local tool=$1 minutes=$2 name status=0; shift 2
    fuzz_line harness executions 'CPU s' crashes edges
    for name in "$@"; do
        [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n || status=1
        "fuzz_by_$tool" "$name" "$minutes" &
    done
    for name in $(jobs -p); do wait "$name" || status=1; done
    return $status
}

# Adds the runs to the table of docs/fuzzing.md; also those of a run that was broken off.
write_down_fuzz() {
    [ -f build/fuzz/spent ] || return 0
    /usr/bin/python3 -B tests/fuzz/table.py build/fuzz/spent docs/fuzzing.md && rm build/fuzz/spent
}

# Both compilers find the runtime of their own version, whatever it is.
FUZZ_OPTIONS=(-DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-O1 -DCMAKE_BUILD_TYPE=Debug -DSTOREFRONT_FUZZ=ON -DSTOREFRONT_SANITIZE=ON)
AFL_OPTIONS=("${FUZZ_OPTIONS[@]}" -DCMAKE_C_COMPILER=afl-clang-fast)

fuzz_build() { # $1 = tool
    case $1 in
        libfuzzer) build fuzz -DSTOREFRONT_STRICT=ON "${FUZZ_OPTIONS[@]}" ;;
        afl) AFL_QUIET=1 build afl "${AFL_OPTIONS[@]}" ;;
    esac
}

fuzz_seeds() { # $1 = harness: its folders
    local folder; for folder in tests/fuzz/corpus/"$1" tests/fuzz/crashes/"$1"; do [ ! -d "$folder" ] || echo "$folder"; done
}

# Again until the minutes are spent on a processor: where others want it too, they pass sooner on the clock. Every few minutes
# what was done is written down, so that little is forgotten where this is broken off.
fuzz_by_libfuzzer() { # $1 = harness, $2 = minutes
    local at=build/fuzz/run/$1 log left=$(($2 * 60)) runs all=0 used edges crashes=0
    mkdir -p "$at/corpus" "$at/crashes"
    log=$at/log
    while [ "$left" -gt 0 ] && [ "$crashes" = 0 ]; do
        used=$(processor_seconds "$log" build/fuzz/tests/fuzz/fuzz_"$1" -max_total_time=$((left < 200 ? left : 200)) \
            -max_len="$(longest "$1")" -timeout=30 -rss_limit_mb=2048 -dict=tests/fuzz/"$1".dict \
            -artifact_prefix="$at/crashes/" -print_final_stats=1 "$at/corpus" $(fuzz_seeds "$1"))
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        [ -n "$runs" ] || { say "$1: see $log"; return 1; }
        edges=$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -c6-)
        crashes=$(find "$at/crashes" -type f | wc -l)
        left=$((left - used)) all=$((all + runs))
        fuzz_done libfuzzer "$1" "$runs" "$used" "$crashes" "$edges"
    done
    fuzz_line "$1" "$all" $(($2 * 60 - left)) "$crashes" "$edges"
    [ "$crashes" = 0 ] || { say "$1: see $log and $at/crashes/"; return 1; }
}

# Runs a command whose words go to a log, and says how many seconds of a processor it and its children took.
processor_seconds() { # $1 = log, the rest = command
    local log=$1 TIMEFORMAT='%U %S'; shift
    { time "$@" >"$log" 2>&1; } 2>&1 | awk '{ print int($1 + $2 + 0.5) }'
}

fuzz_line() { printf '%-12s %12s %8s %8s %8s\n' "$@"; } # harness, executions, seconds, crashes, edges

fuzz_done() { mkdir -p build/fuzz && printf '%s\n' "$*" >>build/fuzz/spent; } # tool, and what a line has

# AFL++ counts the time of a clock: where others are busy it goes on from what it has found until it had its share.
fuzz_by_afl() { # $1 = harness, $2 = minutes
    local at=build/afl/run/$1 log stats crashes=0 seeds left=$(($2 * 60)) all=0 used round=0
    log=$at/log seeds=$at/seeds
    rm -rf "$at"
    mkdir -p "$seeds"
    cp $(for folder in $(fuzz_seeds "$1"); do find "$folder" -type f -size +0; done) "$seeds/"
    while [ "$left" -gt 0 ] && [ "$crashes" = 0 ]; do
        round=$((round + 1)) stats=$at/$round/default/fuzzer_stats
        used=$(AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 processor_seconds "$log" \
            afl-fuzz -V "$left" -m none -t 5000 -g 1 -G "$(longest "$1")" -x tests/fuzz/"$1".dict -i "$seeds" -o "$at/$round" \
            -- build/afl/tests/fuzz/fuzz_"$1")
        [ -f "$stats" ] || { tail -5 "$log" >&2; say "$1: see $log"; return 1; }
        # A round that was left almost no processor counts as a second, or it would begin again for ever.
        left=$((left - (used > 0 ? used : 1))) all=$((all + $(fuzz_stat execs_done))) seeds=$at/$round/default/queue
        crashes=$(find "$at/$round/default/crashes" -type f -name 'id*' | wc -l)
    done
    set -- "$1" "$all" $(($2 * 60 - left)) "$crashes" "$(fuzz_stat edges_found)"
    fuzz_done afl "$@"
    fuzz_line "$@"
    [ "$crashes" = 0 ] || { say "$1: see $at/$round/default/crashes/"; return 1; }
}

fuzz_stat() { sed -n "s/^$1 *: *//p" "$stats"; }
