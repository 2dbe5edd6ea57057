# Sourced by ./dev: packages from conf/dev/packages.txt, and builds. Says what it does, and does nothing twice.

say() { printf 'dev: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        say "this needs root or sudo: $*"; return 1
    fi
}

missing_packages() { # those of its arguments, PACKAGE or PACKAGE/PROGRAM, that are not installed
    local package program
    for package in "$@"; do
        IFS=/ read -r package program <<<"$package"
        # Another archive's Node.js brings npm along and refuses Debian's beside it.
        [ -z "$program" ] || ! command -v "$program" >/dev/null || continue
        case "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" in
            installed) ;;
            *) printf '%s\n' "$package" ;;
        esac
    done
}

install_group() { # $1 = build, run or another group of conf/dev/packages.txt
    local packages missing policy=/usr/sbin/policy-rc.d made=
    packages=$(sed -n "s/^$1 //p" "$HERE/conf/dev/packages.txt")
    missing=$(missing_packages $packages)
    [ -n "$missing" ] || return 0
    say "installing" $missing
    # Debian's packages start their services; these are not the ones that this stack uses.
    if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod +x $policy; made=yes; fi
    as_root apt-get -o DPkg::Lock::Timeout=600 update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq \
        --no-install-recommends $missing >/dev/null
    local status=$?
    [ -z "$made" ] || as_root rm -f $policy
    [ $status = 0 ] || say "the packages could not be installed"
    return $status
}

build() { # $1 = name below build/, the rest = options of cmake
    local name=$1; shift
    [ -f "build/$name/CMakeCache.txt" ] || say "building build/$name"
    cmake -S . -B "build/$name" "$@" >/dev/null && cmake --build "build/$name" -j "$(nproc)" >"build/$name/build.log" 2>&1 || {
        grep -E 'error|warning|Error' "build/$name/build.log" | head -40 >&2
        say "the build failed; see build/$name/build.log"
        return 1
    }
}
