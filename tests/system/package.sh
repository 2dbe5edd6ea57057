# Sourced by the system tests that need the installed package: builds it for a release of Debian in a machine of that
# release, and makes machines on which it can be installed without a network.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$HERE/tests/system/machine.sh"
PACKAGES=$MACHINES/packages-$$
SHOP=https://shop.example

finish() { # $1 = sentence
    printf '%s: %s\n' "$TEST_NAME" "$1"
}

fail() { finish "FAILED: $1"; exit 1; }

is() { # $1 = sentence, the rest = command that must succeed
    local sentence=$1; shift
    "$@" || fail "$sentence"
    finish "$sentence"
}

# Builds PACKAGES/RELEASE/storefront_VERSION_*.deb for each version. The program of each differs by its build's date alone.
build_packages() { # $1 = release, the rest = versions
    local release=$1 name=build-$1 root version; shift
    [ -z "${SYSTEM_TEST_BUILD:-}" ] || { pack_build "$release" "$@"; return; }
    machine_make "$name" "$release" $(sed -n 's/^build //p' "$HERE/conf/dev/packages.txt") dpkg-dev file || return 1
    root=$(machine_root "$name")
    mkdir -p "$root/srv/source" "$PACKAGES/$release"
    (cd "$HERE" && git ls-files -co --exclude-standard -z | tar --null -T - --ignore-failed-read -cf -) |
        tar -C "$root/srv/source" -xf - || return 1
    machine_prepare "$name" bash -c 'set -e; cmake -S /srv/source -B /srv/build -DSTOREFRONT_TESTS=OFF
        cmake --build /srv/build -j "$(nproc)"; cd /srv/build
        for version; do cpack -D CPACK_PACKAGE_VERSION="$version"; done' - "$@" >"$PACKAGES/$release.log" 2>&1 ||
        { tail -20 "$PACKAGES/$release.log" >&2; return 1; }
    cp "$root"/srv/build/storefront_*.deb "$PACKAGES/$release/"
    machine_remove "$name"
}

# The same of what was built on this host, whose release it has to be.
pack_build() { # $1 = release, the rest = versions
    local release=$1 version; shift
    mkdir -p "$PACKAGES/$release"
    for version; do
        (cd "$HERE/build/$SYSTEM_TEST_BUILD" && cpack -B "$PACKAGES/$release" -D CPACK_PACKAGE_VERSION="$version") \
            >"$PACKAGES/$release.log" 2>&1 || { tail -20 "$PACKAGES/$release.log" >&2; return 1; }
    done
    rm -rf "$PACKAGES/$release/_CPack_Packages"
}

# Every unit may write what it counts, and nothing else that it may not write otherwise.
let_units_count() { # $1 = root folder
    local drop=$1/etc/systemd/system/storefront-.service.d
    [ -n "${GCOV_FOLDER:-}" ] || return 0
    mkdir -p "$drop" && printf '[Service]\nEnvironment=GCOV_PREFIX=%s\nReadWritePaths=%s\n' "$COUNTS" "$COUNTS" >"$drop/counts.conf"
}

package_file() { # $1 = release, $2 = version
    ls "$PACKAGES/$1/storefront_$2"_*.deb
}

# A bare machine with the tools of the test, and what the package depends on fetched but not installed.
package_machine() { # $1 = name, $2 = release, $3 = version to fetch for
    local root; root=$(machine_root "$1")
    machine_make "$1" "$2" curl wrk openssl python3 python3-aiosmtpd || return 1
    mkdir -p "$root/srv/test" && let_units_count "$root" || return 1
    cp "$PACKAGES/$2"/*.deb "$HERE/conf/dev/mail_catcher.py" "$HERE/tests/system/shopper.py" "$root/srv/test/"
    machine_prepare "$1" bash -c 'apt-get install -y -qq --download-only /srv/test/storefront_"$0"_*.deb' "$3" \
        >"$PACKAGES/$2-fetch.log" 2>&1 || { tail -5 "$PACKAGES/$2-fetch.log" >&2; return 1; }
    echo "127.0.0.1 shop.example" >>"$root/etc/hosts"
}

install_package() { # $1 = machine, $2 = version
    machine_in "$1" bash -c 'apt-get install -y -q /srv/test/storefront_"$0"_*.deb' "$2"
}

# The two answers of the file, and limits that let one address make all the load.
answer_questions() { # $1 = machine
    machine_in "$1" sed -i -e "s|^STOREFRONT_PUBLIC_URL=.*|STOREFRONT_PUBLIC_URL=$SHOP|" \
        -e 's|^STOREFRONT_SMTP_URL=.*|STOREFRONT_SMTP_URL=smtp://127.0.0.1:2525|' \
        -e 's|^STOREFRONT_MAIL_SENDER=.*|STOREFRONT_MAIL_SENDER=shop@shop.example|' /etc/storefront/storefront.env
    machine_in "$1" bash -c 'printf "%s\n" STOREFRONT_SMTP_TLS=off STOREFRONT_REQUEST_RATE=100000 STOREFRONT_REQUEST_BURST=100000 \
        STOREFRONT_CLIENT_CONNECTIONS=10000 STOREFRONT_ADDRESS_REGISTRATIONS=100000 >>/etc/storefront/storefront.env'
}

start_catcher() { # $1 = machine
    machine_in "$1" systemd-run -q --unit=catcher /usr/bin/python3 -u /srv/test/mail_catcher.py 2525 /srv/mail
}

answers() { # $1 = machine, $2 = path: until it answers 200 over HTTPS
    local i
    for i in $(seq 100); do
        [ "$(machine_in "$1" curl -sk -o /dev/null -w '%{http_code}' "$SHOP$2")" != 200 ] || return 0
        sleep 0.2
    done
    return 1
}

shopper() { # $1 = machine, the rest = arguments of shopper.py
    local machine=$1; shift
    machine_in "$machine" /usr/bin/python3 -B /srv/test/shopper.py "$@"
}

# Load on every pool: page views by wrk, sign-ins by a shopper. What they saw is in load/*.txt until load_end reads it.
load_begin() { # $1 = machine, $2 = seconds
    machine_in "$1" rm -rf /srv/load; machine_in "$1" mkdir /srv/load
    machine_in "$1" bash -c "wrk -t1 -c8 -d$2 --timeout 15 $SHOP/register/ >/srv/load/pages.txt 2>&1" &
    load_pages=$!
    machine_in "$1" bash -c "/usr/bin/python3 -B /srv/test/shopper.py sign-in $2 >/srv/load/sign-ins.txt 2>/srv/load/sign-ins.err" &
    load_sign_ins=$!
}

load_end() { # $1 = machine: prints what was sent and what failed; sets load_sent, load_failed
    local pages wrong errors others
    wait "$load_pages"; wait "$load_sign_ins"
    pages=$(machine_in "$1" cat /srv/load/pages.txt) others=$(machine_in "$1" cat /srv/load/sign-ins.txt)
    load_sent=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' <<<"$pages")
    wrong=$(sed -n 's/^ *Non-2xx or 3xx responses: \([0-9]*\)/\1/p' <<<"$pages")
    errors=$(sed -n 's/^ *Socket errors: connect \([0-9]*\), read \([0-9]*\), write \([0-9]*\), timeout \([0-9]*\)/\1+\2+\3+\4/p' <<<"$pages")
    load_failed=$((${wrong:-0} + ${errors:-0}))
    [ -n "$load_sent" ] && [[ $others =~ ^([0-9]+)\ sent,\ ([0-9]+)\ failed ]] || { echo "$pages"; echo "$others"; return 1; }
    finish "page views: $load_sent sent, $load_failed failed; sign-ins: $others"
    machine_in "$1" cat /srv/load/sign-ins.err
    load_sent=$((load_sent + BASH_REMATCH[1])) load_failed=$((load_failed + BASH_REMATCH[2]))
}
