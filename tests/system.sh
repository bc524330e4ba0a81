#!/bin/sh
# What the tests need from the system: PostgreSQL 15 or newer (the server's programs), Chromium, Node.js, by which the
# provider of the login's tests runs, and nginx, HAProxy and openssl, for the proxies of deploy/.
set -eu

provider() {
    cd "$(dirname "$0")/oidc"
    [ node_modules -nt package-lock.json ] || npm ci --silent --no-fund --no-audit
}

missing=""
ls /usr/lib/postgresql/1[5-9]/bin/initdb /usr/lib/postgresql/[2-9][0-9]/bin/initdb >/dev/null 2>&1 \
    || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v haproxy >/dev/null 2>&1 || missing="$missing haproxy"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
[ -n "$missing" ] || { provider; exit 0; }

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    if $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        provider
        exit 0
    fi
fi
echo "The tests need$missing, which can't be installed from here. Right would be: apt-get install$missing" >&2
exit 1
