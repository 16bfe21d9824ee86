#!/bin/sh
# Installs the Debian packages that tests with real servers need, when that is possible; otherwise says what is missing.
set -eu
missing=""
need() { # need PATH-OR-COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing="$missing $2"
}
need redis-server redis-server
need /usr/sbin/dovecot "dovecot-core dovecot-imapd"
need /usr/bin/chromium chromium
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
need pdftoppm poppler-utils
need /usr/sbin/clamd clamav-daemon
need strace strace
need node nodejs
need npm npm
ldconfig -p 2>/dev/null | grep -q libpangoft2-1.0 || missing="$missing libpango-1.0-0 libpangoft2-1.0-0"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing for the tests with real servers:$missing. The rest runs." >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
    echo "Missing for the tests with real servers:$missing" >&2
    echo "Install them with: sudo apt-get install --no-install-recommends$missing. The rest runs." >&2
    exit 0
fi
echo "Installing$missing" >&2
$as_root apt-get update -qq >/dev/null
# Installed servers must not start by themselves: every test starts its own.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
