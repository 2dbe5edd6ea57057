# Sourced by the system tests: bare Debian machines, booted with systemd in a folder of their own (debootstrap,
# systemd-nspawn). A base for each release is built once and kept in MACHINES_FOLDER; whatever a test made is stopped and
# removed when the test ends, also half-way. Needs root.
#
#   machine_make NAME bookworm|trixie [PACKAGE...]   a bare machine that is not running yet, with these packages too
#   machine_prepare NAME COMMAND...       runs a command in it before it boots, with the host's network
#   machine_boot NAME [OPTION...]         boots it; options of systemd-nspawn, say --private-network or
#                                         --network-namespace-path=/run/netns/OTHER; without one it has the host's network
#   machine_in NAME COMMAND...            runs a command in it; standard input and output are the caller's
#   machine_put NAME FILE FOLDER          copies a file from outside into it
#   machine_root NAME                     where its root folder stands
#   machine_stop NAME, machine_remove NAME

MACHINES=${MACHINES_FOLDER:-/var/tmp/storefront-machines}
# Where packages come from: as on this host.
MACHINE_MIRROR=${MACHINES_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/$' | sed 's|/$||')}
MACHINE_PACKAGES="systemd systemd-sysv dbus iproute2 ca-certificates procps"
MACHINE_ENVIRONMENT=(HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
declare -A machine_process=()
machine_names=()

say() { printf '%s: %s\n' "${TEST_NAME:-machine}" "$*" >&2; }

machine_tools() {
    [ "$(id -u)" = 0 ] || { say "machines need root"; return 1; }
    command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null && return 0
    say "installing debootstrap and systemd-container"
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends \
        debootstrap systemd-container >/dev/null
}

# The host's own way to its packages: proxies, keys of the network, how it looks up names.
machine_copy_host() { # $1 = root folder
    local file
    for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do [ ! -f "$file" ] || cp "$file" "$1/etc/apt/apt.conf.d/"; done
    printf 'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n' >"$1/etc/apt/apt.conf.d/99dates"
    cp --remove-destination /etc/resolv.conf "$1/etc/resolv.conf"
}

machine_base() { # $1 = release: builds MACHINES/RELEASE.tar, once
    local root=$MACHINES/building-$1
    machine_tools && mkdir -p "$MACHINES" || return 1
    exec 8>"$MACHINES/$1.lock"; flock 8
    if [ ! -f "$MACHINES/$1.tar" ]; then
        say "building the bare base of $1 (a minute; kept in $MACHINES)"
        rm -rf "$root"
        debootstrap --variant=minbase "$1" "$root" "$MACHINE_MIRROR" >"$MACHINES/$1.log" 2>&1 && machine_copy_host "$root" &&
            machine_add_updates "$1" "$root" &&
            chroot "$root" env -i "${MACHINE_ENVIRONMENT[@]}" apt-get update -qq >>"$MACHINES/$1.log" 2>&1 &&
            chroot "$root" env -i "${MACHINE_ENVIRONMENT[@]}" apt-get install -y -qq --no-install-recommends \
                $MACHINE_PACKAGES >>"$MACHINES/$1.log" 2>&1 &&
            chroot "$root" apt-get clean && tar -C "$root" --one-file-system -cf "$MACHINES/$1.part" . &&
            mv "$MACHINES/$1.part" "$MACHINES/$1.tar"
        rm -rf "$root"
    fi
    exec 8>&-
    [ -f "$MACHINES/$1.tar" ] || { say "no base could be made; see $MACHINES/$1.log"; return 1; }
}

machine_add_updates() { # $1 = release, $2 = root folder
    cat >"$2/etc/apt/sources.list" <<TEXT
deb $MACHINE_MIRROR $1 main
deb $MACHINE_MIRROR $1-updates main
deb ${MACHINE_MIRROR%/debian}/debian-security $1-security main
TEXT
}

machine_root() { printf '%s/machine-%s-%s' "$MACHINES" "$$" "$1"; }
machine_cgroup() { printf 'storefront-%s-%s' "$$" "$1"; }

machine_make() { # $1 = name, $2 = release, the rest = packages
    local name=$1 release=$2 root with; shift 2
    root=$(machine_root "$name") with=$MACHINES/$release-$(printf '%s ' "$@" | sha256sum | cut -c1-12).tar
    machine_base "$release" || return 1
    machine_names+=("$name")
    rm -rf "$root"; mkdir -p "$root" "$MACHINES/archives-$release"
    printf '%s\n' "$release" >"$root.release"
    if [ $# = 0 ]; then
        tar -C "$root" -xf "$MACHINES/$release.tar" || return 1
    elif [ -f "$with" ]; then
        tar -C "$root" -xf "$with" || return 1
    else
        tar -C "$root" -xf "$MACHINES/$release.tar" && machine_add_packages "$name" "$@" &&
            tar -C "$root" --one-file-system -cf "$with.$$" . && mv "$with.$$" "$with" || return 1
    fi
    printf '%s\n' "$name" >"$root/etc/hostname"
    printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >"$root/etc/hosts"
    cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
}

machine_add_packages() { # $1 = name, the rest = packages, whose services are not started
    local name=$1 policy; policy=$(machine_root "$1")/usr/sbin/policy-rc.d; shift
    say "installing $*"
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    machine_prepare "$name" apt-get install -y -qq --no-install-recommends "$@" >"$MACHINES/packages.log" 2>&1 ||
        { tail -3 "$MACHINES/packages.log" >&2; return 1; }
    rm -f "$policy"
}

# Where programs that count write to, if they do: inside, the same folder has the name COUNTS.
COUNTS=/var/lib/storefront-counts
machine_counts() { [ -z "${GCOV_FOLDER:-}" ] || printf -- '--bind=%s:%s' "$GCOV_FOLDER" "$COUNTS"; }

# Packages that were fetched once are there for every machine of that release.
machine_binds() { printf -- '--bind=%s:/var/cache/apt/archives' "$MACHINES/archives-$(cat "$(machine_root "$1").release")"; }

machine_prepare() { # $1 = name, the rest = command
    local name=$1; shift
    systemd-nspawn -q --register=no --keep-unit --console=pipe -M "$(machine_cgroup "$name")" -D "$(machine_root "$name")" \
        "$(machine_binds "$name")" env -i "${MACHINE_ENVIRONMENT[@]}" "$@"
}

machine_boot() { # $1 = name, the rest = options of systemd-nspawn
    local name=$1 root group; shift
    root=$(machine_root "$name") group=$(machine_cgroup "$name")
    ( for hierarchy in systemd unified; do
          mkdir -p "/sys/fs/cgroup/$hierarchy/$group" && echo "$BASHPID" >"/sys/fs/cgroup/$hierarchy/$group/cgroup.procs"
      done 2>/dev/null
      export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
      # Without the filter for bpf, IPAddressDeny= of a unit would be accepted and not enforced.
      exec setsid systemd-nspawn -q --register=no --keep-unit -M "$group" -D "$root" --console=pipe --system-call-filter=bpf \
          "$(machine_binds "$name")" $(machine_counts) "$@" -b </dev/null >"$root.log" 2>&1 ) &
    machine_process[$name]=$!
    machine_wait "$name" || { say "the machine $name does not boot:"; tail -5 "$root.log" >&2; return 1; }
}

machine_leader() { pgrep -P "${machine_process[$1]}" | head -1; }

machine_in() { # $1 = name, the rest = command
    local leader; leader=$(machine_leader "$1"); shift
    [ -n "$leader" ] && nsenter -t "$leader" -a env -i "${MACHINE_ENVIRONMENT[@]}" "$@"
}

machine_wait() { # $1 = name: until everything that is started at boot was
    local i
    for i in $(seq 300); do
        case $(machine_in "$1" systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
        kill -0 "${machine_process[$1]}" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

machine_put() { # $1 = name, $2 = file, $3 = folder inside
    cp "$2" "$(machine_root "$1")/$3/"
}

machine_stop() { # $1 = name
    local process=${machine_process[$1]:-} hierarchy i
    [ -n "$process" ] || return 0
    kill -TERM "$process" 2>/dev/null
    for i in $(seq 150); do kill -0 "$process" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$process" 2>/dev/null; wait "$process" 2>/dev/null
    for hierarchy in systemd unified; do
        find "/sys/fs/cgroup/$hierarchy/$(machine_cgroup "$1")" -depth -type d -exec rmdir {} \; 2>/dev/null
    done
    unset "machine_process[$1]"
}

machine_remove() { # $1 = name
    local root; root=$(machine_root "$1")
    machine_stop "$1"
    rm -rf "$root" "$root.log" "$root.release"
}

machines_end() {
    local name status=$?
    for name in "${machine_names[@]}"; do
        if [ -n "${KEEP_MACHINES:-}" ]; then machine_stop "$name"; else machine_remove "$name"; fi
    done
    rm -rf "$MACHINES/packages-$$"
    return "$status"
}

trap machines_end EXIT
trap 'exit 130' INT TERM HUP
