# Sourced by ./dev and the tests: one whole stack (PostgreSQL, three pools of workers, the mailer, metrics, maintenance, a mail catcher, nginx)
# with a state folder of its own. As root, PostgreSQL runs as postgres, nginx's workers as www-data and the programs as
# daemon; otherwise all of it as the user who calls.

APP_USER=daemon
WEB_GROUP=www-data
DATABASE_USER=postgres

is_root() { [ "$(id -u)" = 0 ]; }

run_as() { # $1 = user, the rest = command
    local user=$1; shift
    if is_root; then setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --inh-caps=-all -- "$@"; else "$@"; fi
}

short_name() { printf %s "$HERE" | sha256sum | cut -c1-8; }

# The state stands under var/, where the services' users can get there: not in a home folder that is closed to them. Then it
# stands under /var/lib, and var/ points there.
state_root() {
    mkdir -p "$HERE/var" 2>/dev/null
    if ! is_root || run_as $DATABASE_USER test -x "$HERE/var"; then printf %s "$HERE/var"; return; fi
    printf %s "/var/lib/storefront-dev-$(short_name)"
}

stack_select() { # $1 = name of the stack, $2 = name of the build: sets STATE, RUN, BUILD and the rest
    NAME=$1 BUILD=$HERE/build/$2
    STATE=$(state_root)
    [ "$NAME" = main ] || STATE=$STATE/stacks/$NAME
    # Paths of Unix sockets are at most 107 bytes long.
    if is_root; then RUN=/run/storefront-dev-$(short_name)/$NAME; else RUN=/tmp/storefront-dev-$(id -u)-$(short_name)/$NAME; fi
    STATIC=$STATE/published
    STACK_MAIL=$STATE/mail
    POSTGRES=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ ! -f "$RUN/stack.env" ] || . "$RUN/stack.env"
}

owned() { # $1 = owner, $2 = group, $3 = mode, the rest = folders to make
    local owner=$1 group=$2 mode=$3; shift 3
    mkdir -p "$@" && chmod "$mode" "$@" && { ! is_root || chown "$owner:$group" "$@"; }
}

make_folders() {
    mkdir -p "$STATE" "$RUN" && chmod 755 "$STATE" "$RUN" "$(dirname "$RUN")" || return 1
    [ -O "$RUN" ] || { say "$RUN belongs to somebody else"; return 1; }
    owned root root 755 "$STATE/log" "$STATE/nginx" "$RUN/nginx" "$RUN/pid" "$RUN/env" "$STATIC"
    owned $APP_USER $WEB_GROUP 750 "$RUN/fcgi"
    owned $APP_USER $APP_USER 755 "$STACK_MAIL"
    owned $APP_USER $APP_USER 750 "$RUN/metrics"
    owned $DATABASE_USER $APP_USER 750 "$RUN/database"
    owned $DATABASE_USER $DATABASE_USER 700 "$STATE/postgresql"
    chmod 700 "$RUN/env"
    if [ "$NAME" = main ] && [ "$STATE" != "$HERE/var" ]; then
        local part; for part in mail log; do ln -sfn "$STATE/$part" "$HERE/var/$part"; done
    fi
}

free_port() { # $1 = the port that is liked best: that one, or any where somebody else has it
    [ -z "${1:-}" ] || (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || { printf '%s' "$1"; return; }
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# --- one process each -------------------------------------------------------------------------------------------------

start_process() { # $1 = name, the rest = command: in the background, under $RUN/pid/NAME, its words in log/NAME.log
    local name=$1; shift
    setsid "$@" </dev/null >>"$STATE/log/$name.log" 2>&1 9>&- &
    echo $! >"$RUN/pid/$name"
}

is_alive() { # $1 = process; one that has ended, with all its threads, but whose parent has not looked yet is not
    local state; read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" && { [ "$state" != Z ] || [ "$(ls "/proc/$1/task" 2>/dev/null | wc -l)" -gt 1 ]; }
}

is_running() { # $1 = name
    local pid; pid=$(cat "$RUN/pid/$1" 2>/dev/null) && [ -n "$pid" ] && is_alive "$pid"
}

stop_process() { # $1 = name, $2 = signal; a loop in the shell is stopped with what it waits for
    local pid i; pid=$(cat "$RUN/pid/$1" 2>/dev/null) || return 0
    case $1 in maintenance) kill -TERM -- -"$pid" ;; *) kill -"${2:-TERM}" "$pid" ;; esac 2>/dev/null
    for i in $(seq 100); do is_alive "$pid" || break; [ "$i" != 100 ] || kill -KILL -- -"$pid" 2>/dev/null; sleep 0.1; done
    rm -f "$RUN/pid/$1"
}

# STACK_DATABASE: hosts and ports of a database elsewhere, which is there already; then the stack makes none of its own.
database_url() { printf '%s dbname=shop user=%s' "${STACK_DATABASE:-host=$RUN/database port=5432}" "$1"; }

administer() { # psql as the database's administrator; $1 = database
    local database=$1; shift
    (cd / && run_as $DATABASE_USER "$POSTGRES/psql" -X -q -v ON_ERROR_STOP=1 -h "$RUN/database" -U administrator -d "$database" "$@")
}

make_database() {
    [ ! -f "$STATE/postgresql/PG_VERSION" ] || return 0
    say "making a database in ${STATE#"$HERE"/}/postgresql"
    (cd / && run_as $DATABASE_USER "$POSTGRES/initdb" -D "$STATE/postgresql" -U administrator --auth=trust -E UTF8 --locale=C.UTF-8) \
        >>"$STATE/log/postgresql.log" 2>&1
}

start_database() {
    is_root && touch "$STATE/log/postgresql.log" && chown $DATABASE_USER "$STATE/log/postgresql.log"
    (cd / && run_as $DATABASE_USER "$POSTGRES/pg_ctl" -D "$STATE/postgresql" -s -w -t 60 -l "$STATE/log/postgresql.log" \
        -o "-c listen_addresses='' -c unix_socket_directories='$RUN/database' -c unix_socket_permissions=0777 -c max_connections=200 ${STACK_POSTGRES_OPTIONS:-}" start 9>&-) ||
        { say "PostgreSQL does not start:"; tail -5 "$STATE/log/postgresql.log" >&2; return 1; }
}

stop_database() { # $1 = mode of pg_ctl
    [ -f "$STATE/postgresql/postmaster.pid" ] || return 0
    (cd / && run_as $DATABASE_USER "$POSTGRES/pg_ctl" -D "$STATE/postgresql" -s -w -m "${1:-fast}" stop)
}

make_shop_database() {
    [ -n "$(administer postgres -At -c "SELECT 1 FROM pg_database WHERE datname = 'shop'")" ] ||
        administer postgres -c "CREATE DATABASE shop" || return 1
    administer shop <sql/roles.sql
}

migrate_database() {
    as_app env STOREFRONT_DATABASE_URL="$(database_url storefront_owner)" \
        "$APP/bin/storefront" migrate 2>>"$STATE/log/migrate.log" || { tail -5 "$STATE/log/migrate.log" >&2; return 1; }
}

# The settings of the programs: what the caller set, over what this stack sets.
settings() {
    local name
    {
        cat <<TEXT
STOREFRONT_PUBLIC_URL=http://127.0.0.1:$STACK_PORT
STOREFRONT_LOOPBACK_HOSTS=on
STOREFRONT_WWW_FOLDER=$APP/share/storefront/www
STOREFRONT_STATIC_FOLDER=$STATIC
STOREFRONT_SOCKET_FOLDER=$RUN/fcgi
STOREFRONT_SECRET_KEY_FILE=$STATE/secret.key
STOREFRONT_SMTP_URL=smtp://127.0.0.1:$STACK_SMTP_PORT
STOREFRONT_SMTP_TLS=off
STOREFRONT_METRICS_FILE=$RUN/metrics/counters
TEXT
        for name in ${!STOREFRONT_*}; do printf '%s=%s\n' "$name" "${!name}"; done
    } | tac | awk -F= '!seen[$1]++'
}

setting() { # $1 = name without STOREFRONT_: its value, the program's default included
    sed -n "s/^STOREFRONT_$1=//p" "$RUN/env/effective"
}

as_app() { # runs a program as the application's user with the settings
    local lines; mapfile -t lines <"$RUN/env/settings"
    run_as $APP_USER env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} "$@"
}

# Yields to other sessions too: where the kernel weighs each session as one, nice counts only within its own. Who is not
# root may say so ten times a second. Production's units have weights instead.
YIELD='for try in 1 2 3; do
    [ "$0" != 0 ] && [ -w /proc/self/autogroup ] || break
    ! { echo "$0" >/proc/self/autogroup; } 2>/dev/null || break
    sleep 0.1
done
exec nice -n "$0" "$@"'

start_pool() { # $1 = pool, $2 = workers, $3 = queue
    local lines; mapfile -t lines <"$RUN/env/settings"
    rm -f "$RUN/fcgi/$1.sock"
    local as=(); ! is_root || as=(-u $APP_USER -g $APP_USER -U $APP_USER -G $WEB_GROUP)
    local priority=0
    case $1 in login) priority=5 ;; register) priority=10 ;; esac
    start_process "$1" env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} STOREFRONT_POOL="$1" \
        STOREFRONT_DATABASE_URL="$(database_url storefront_worker)" \
        bash -c "$YIELD" $priority spawn-fcgi -n -s "$RUN/fcgi/$1.sock" -M 0660 -b "$3" "${as[@]}" -- \
        "$(command -v multiwatch)" -f "$2" -r 1000 -t 1000 -- "$APP/bin/storefront" serve
}

start_pools() {
    start_pool pages "$(setting PAGES_WORKERS)" "$(setting PAGES_QUEUE)"
    start_pool register "$(setting REGISTER_WORKERS)" "$(setting HASH_QUEUE)"
    start_pool login "$(setting LOGIN_WORKERS)" "$(setting HASH_QUEUE)"
}

start_metrics() {
    local lines; mapfile -t lines <"$RUN/env/settings"
    rm -f "$RUN/fcgi/metrics.sock"
    local as=(); ! is_root || as=(-u $APP_USER -g $APP_USER -U $APP_USER -G $WEB_GROUP)
    start_process metrics env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} STOREFRONT_DATABASE_URL="$(database_url storefront_metrics)" \
        spawn-fcgi -n -s "$RUN/fcgi/metrics.sock" -M 0660 "${as[@]}" -- \
        "$(command -v multiwatch)" -f 1 -r 1000 -t 1000 -- "$APP/bin/storefront" metrics
}

start_mailer() {
    local lines; mapfile -t lines <"$RUN/env/settings"
    start_process mailer env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} STOREFRONT_DATABASE_URL="$(database_url storefront_mailer)" \
        $(is_root && echo setpriv --reuid=$APP_USER --regid=$APP_USER --clear-groups --) \
        "$(command -v multiwatch)" -f 1 -r 1000 -t 1000 -- "$APP/bin/storefront-mail"
}

start_catcher() { # the arguments go to the catcher
    start_process catcher $(is_root && echo setpriv --reuid=$APP_USER --regid=$APP_USER --clear-groups --) \
        /usr/bin/python3 -u "$APP/share/storefront/conf/dev/mail_catcher.py" "$STACK_SMTP_PORT" "$STACK_MAIL" \
        ${STACK_MAIL_PORT:+--pages "$STACK_MAIL_PORT"} "$@"
}

start_maintenance() {
    local lines; mapfile -t lines <"$RUN/env/settings"
    start_process maintenance env "${lines[@]}" STOREFRONT_DATABASE_URL="$(database_url storefront_worker)" \
        $(is_root && echo setpriv --reuid=$APP_USER --regid=$APP_USER --clear-groups --) \
        bash -c 'while sleep 60; do "$0" maintain; done' "$APP/bin/storefront"
}

fill() { # $1 = template of nginx's configuration, on standard output
    local user='' six=''
    ! is_root || user='user www-data;'
    ! grep -qs '^0*1 ' <(tr -d '\n' </proc/net/if_inet6; echo ' ') || six="listen [::1]:$STACK_PORT;"
    sed -e "s|@STATE@|$STATE|g; s|@RUN@|$RUN|g; s|@STATIC@|$STATIC|g; s|@PORT@|$STACK_PORT|g; s|@USER_LINE@|$user|g" \
        -e "s|@LISTEN_IPV6@|$six|g; s|@ADDRESS_LIMITS@|$(setting ADDRESS_LIMITS)|g" \
        -e "s|@REQUEST_RATE@|$(setting REQUEST_RATE)|g; s|@REQUEST_BURST@|$(setting REQUEST_BURST)|g" \
        -e "s|@CLIENT_CONNECTIONS@|$(setting CLIENT_CONNECTIONS)|g; s|@CONNECTIONS@|${STACK_CONNECTIONS:-4096}|g" "$1"
}

start_nginx() {
    "$APP/bin/storefront" routes --nginx >"$RUN/nginx/pools.conf" || return 1
    fill conf/nginx/storefront.conf.in >"$RUN/nginx/storefront.conf"
    fill conf/nginx/storefront-site.conf.in >"$RUN/nginx/storefront-site.conf"
    fill conf/nginx/storefront-metrics.conf.in >"$RUN/nginx/storefront-metrics.conf"
    rm -f "$RUN/metrics.sock"
    fill conf/nginx/development.conf.in >"$RUN/nginx/nginx.conf"
    nginx -e stderr -t -q -c "$RUN/nginx/nginx.conf" 2>"$STATE/log/nginx-check.log" || { cat "$STATE/log/nginx-check.log" >&2; return 1; }
    start_process nginx nginx -e stderr -c "$RUN/nginx/nginx.conf"
}

# --- the whole --------------------------------------------------------------------------------------------------------

install_application() { # where the services' users can read it, whatever the checkout's own rights are
    APP=$STATE/app
    cmake --install "$BUILD" --prefix "$APP" >/dev/null && chmod -R a+rX "$APP"
}

make_secret() {
    [ -f "$STATE/secret.key" ] || (umask 027 && printf '1 %s\n' "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$STATE/secret.key")
    ! is_root || chown root:$APP_USER "$STATE/secret.key"
}

settings_are_right() { # $1 = port; asked while what runs goes on
    local STACK_PORT=$1 STACK_SMTP_PORT=${STACK_SMTP_PORT:-25} APP=$STATE/app lines said; mapfile -t lines < <(settings)
    said=$(env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} "$BUILD/storefront" config --check 2>&1) && return
    printf '%s\n' "$said" >&2
    say "these settings are not right"
    return 1
}

write_settings() {
    (umask 077 && settings >"$RUN/env/settings")
    as_app "$APP/bin/storefront" config --check 2>"$STATE/log/config.log" || { cat "$STATE/log/config.log" >&2; say "these settings are not right"; return 1; }
    as_app "$APP/bin/storefront" config >"$RUN/env/effective" 2>/dev/null
}

wait_until_ready() {
    local i
    for i in $(seq 150); do
        [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$STACK_PORT/readyz")" != 200 ] || [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$STACK_PORT/register/")" != 200 ] || return 0
        sleep 0.2
    done
    say "the stack does not answer; the last words of its logs:"
    tail -n 3 "$STATE"/log/*.log >&2
    return 1
}

fingerprint() { { settings; cat "$BUILD/storefront" "$BUILD/storefront-mail"; find www conf sql -type f -print0 | sort -z | xargs -0 cat; } | sha256sum | cut -d' ' -f1; }

is_up() {
    local name
    for name in pages register login mailer catcher maintenance metrics nginx; do is_running $name || return 1; done
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$STACK_PORT/readyz")" = 200 ]
}

port_is_free() { # $1 = port; that of this stack, while it runs, is free for it
    { [ "${STACK_PORT:-}" = "$1" ] && is_running nginx; } || ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || {
        say "something else listens at port $1; another one can be chosen with PORT"
        return 1
    }
}

stack_up() { # $1 = port, $2 = port at which the mails are shown; empty: nowhere
    mkdir -p "$(dirname "$RUN")"; make_folders || return 1
    exec 9>"$RUN/lock"; flock 9
    local wanted
    if [ -n "${STACK_SMTP_PORT:-}" ] && [ "${STACK_PORT:-}" = "$1" ]; then
        APP=$STATE/app wanted=$(APP=$STATE/app fingerprint)
        if [ "$wanted" = "${STACK_FINGERPRINT:-}" ] && is_up; then say "it is up already"; exec 9>&-; return 0; fi
    fi
    port_is_free "$1" && settings_are_right "$1" || { exec 9>&-; return 1; }
    stop_services
    STACK_PORT=$1 STACK_SMTP_PORT=$(free_port) STACK_MAIL_PORT=${2:+$(free_port "$2")}
    if ! start_all; then stop_services; exec 9>&-; return 1; fi
    exec 9>&-
}

start_own_database() {
    make_database && { [ -f "$STATE/postgresql/postmaster.pid" ] && administer postgres -c '' 2>/dev/null || start_database; } && make_shop_database
}

start_all() {
    install_application && make_secret && write_settings || return 1
    printf '%s=%q\n' STACK_PORT "$STACK_PORT" STACK_SMTP_PORT "$STACK_SMTP_PORT" STACK_MAIL_PORT "${STACK_MAIL_PORT:-}" STACK_FINGERPRINT "$(fingerprint)" \
        STACK_SANITIZER_OPTIONS "${STACK_SANITIZER_OPTIONS:-}" APP "$APP" >"$RUN/stack.env"
    [ -n "${STACK_DATABASE:-}" ] || start_own_database || return 1
    migrate_database || return 1
    "$APP/bin/storefront" >/dev/null 2>&1
    local lines; mapfile -t lines <"$RUN/env/settings"
    env "${lines[@]}" ${STACK_SANITIZER_OPTIONS:-} "$APP/bin/storefront" publish 2>>"$STATE/log/publish.log" || { tail -3 "$STATE/log/publish.log" >&2; return 1; }
    start_catcher; start_pools; start_mailer; start_maintenance; start_metrics; start_nginx && wait_until_ready
}

stop_services() {
    local name
    [ ! -d "$RUN/pid" ] || for name in nginx maintenance metrics pages register login mailer catcher; do
        case $name in nginx) stop_process nginx QUIT ;; *) stop_process $name TERM ;; esac
    done
}

stack_down() {
    stop_services
    [ ! -d "$STATE/postgresql" ] || stop_database fast
    rm -f "$RUN/stack.env"
}

stack_wipe() {
    case "$STATE" in */var | */storefront-dev-* | */stacks/*) rm -rf "$STATE" "$RUN" ;; esac
    [ "$NAME" != main ] || rm -rf "$HERE/var"
}

stack_command() { # $1 = name of the stack, $2 = command: what a test does to its stack
    local name=$1 command=$2; shift 2
    stack_select "$name" "${STACK_BUILD:-dev}"
    case $command in
        up) stack_up "${PORT:-$(free_port)}" ;;
        down) stack_down ;;
        wipe) stack_down; stack_wipe ;;
        env) printf 'STATE=%s\nRUN=%s\nAPP=%s\nPORT=%s\nSMTP_PORT=%s\nMAIL=%s\n' "$STATE" "$RUN" "${APP:-}" "${STACK_PORT:-}" "${STACK_SMTP_PORT:-}" "$STACK_MAIL" ;;
        start-database) start_database ;;
        stop-database) stop_database "$@" ;;
        start-catcher) start_catcher "$@" ;;
        stop-catcher) stop_process catcher ;;
        start-mailer) start_mailer ;;
        stop-mailer) stop_process mailer ;;
        stop-maintenance) stop_process maintenance ;;
        start-pool) case $1 in pages) start_pool pages "$(setting PAGES_WORKERS)" "$(setting PAGES_QUEUE)" ;; *) start_pool "$1" "$(setting "${1^^}_WORKERS")" "$(setting HASH_QUEUE)" ;; esac ;;
        stop-pool) stop_process "$1" ;;
        psql) administer shop "$@" ;;
        *) say "no such command: $command"; return 2 ;;
    esac
}
