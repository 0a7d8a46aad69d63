#!/bin/sh
# Installs what the tests talk to, Dovecot, PostgreSQL, rspamd, Chromium and mutt, from Debian's packages: quietly, only where it is missing, only as
# root, and without starting anything. Elsewhere the tests that need them are skipped and say so (with CI set, they fail).
set -u

missing=""
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v dovecot >/dev/null 2>&1 && test -x /usr/lib/dovecot/imap || missing="$missing dovecot-imapd"
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v rspamd >/dev/null 2>&1 || missing="$missing rspamd"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
for program in mutt tmux; do command -v "$program" >/dev/null 2>&1 || missing="$missing $program"; done
test -z "$missing" && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed:$missing; the tests that need them will be skipped (as root on Debian they are installed by themselves)" >&2
    exit 0
fi

# Debian starts what it installs; exit status 101 of this file says: not here.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
# No cluster of Debian's own either: the tests make theirs.
mkdir -p /etc/postgresql-common
test -e /etc/postgresql-common/createcluster.conf || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf

install() {
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends $missing >/dev/null 2>&1
}

echo "installing$missing"
install || { apt-get update --quiet --quiet >/dev/null 2>&1; install; } || echo "could not install$missing" >&2
exit 0
