#!/bin/sh
# Install what the lab needs: Debian's mail servers, PostgreSQL, Prometheus and Alertmanager, and Chromium for the tests of the pages.
# Nothing is done when all is there, or for an ordinary user, for whom the tests of the lab are skipped. No service is started now, nor at the next boot.
set -eu

PACKAGES="gcc libc6-dev postfix dovecot-imapd dovecot-lmtpd dovecot-sieve rspamd unbound knot rbldnsd postgrey spamassassin spamd libmail-spf-perl amavisd-new redis-server libevent-2.1-7 libidn12 libical3 libpcre3 libshp2 libxapian30 libjansson4 libpq5 libwrap0 libnghttp2-14 iproute2 nftables nginx-light prometheus prometheus-alertmanager chromium fonts-dejavu-core postgresql"
SERVICES="spamd spamassassin amavis redis-server postfix dovecot rspamd unbound knot rbldnsd postgrey nginx prometheus prometheus-alertmanager postgresql"
POLICY=/usr/sbin/policy-rc.d
UNPACKED=/opt/mailpath-lab # other mail servers: as packages they would replace Postfix, or bring services
UNPACK="exim4-daemon-light:sbin/exim4 opensmtpd:sbin/smtpd cyrus-common:lib/cyrus/bin/master cyrus-caldav:lib/cyrus/bin/httpd sasl2-bin:sbin/saslpasswd2"

missing=""
for package in $PACKAGES; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
unpack=""
for pair in $UNPACK; do
  [ -x "$UNPACKED/usr/${pair#*:}" ] || unpack="$unpack ${pair%:*}"
done
command -v npm >/dev/null || missing="$missing nodejs npm" # npm may be there from elsewhere
[ -n "$missing$unpack" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "the lab of real mail servers is skipped: it needs root on Debian, to install:$missing$unpack" >&2
  exit 0
fi

was_there=""
for service in $SERVICES; do
  [ ! -e "/etc/init.d/$service" ] || was_there="$was_there $service "
done

restore() {
  rm -f "$POLICY"
  [ ! -e "$POLICY.lab-saved" ] || mv "$POLICY.lab-saved" "$POLICY"
}
trap restore EXIT
trap 'exit 1' HUP INT TERM
if [ -e "$POLICY" ] && [ ! -e "$POLICY.lab-saved" ]; then mv "$POLICY" "$POLICY.lab-saved"; fi
printf '#!/bin/sh\nexit 101\n' >"$POLICY"
chmod 755 "$POLICY"

echo "installing for the lab:$missing$unpack"
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
case "$missing" in # the tests make clusters of their own
*postgresql*)
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  ;;
esac
# shellcheck disable=SC2086 # lists of words
[ -z "$missing" ] || apt-get install -y -qq --no-install-recommends $missing >/dev/null
for package in $unpack; do
  fetched=$(mktemp -d)
  (cd "$fetched" && apt-get download -qq "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb "$UNPACKED")
  rm -rf "$fetched"
done
find "$UNPACKED" ! -name smtpctl -perm /6000 -type f -exec chmod ug-s {} +
for user in Debian-exim opensmtpd opensmtpq cyrus; do
  getent passwd "$user" >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
done
chgrp opensmtpq "$UNPACKED/usr/sbin/smtpctl"
chmod 2755 "$UNPACKED/usr/sbin/smtpctl" # it refuses to work without
mkdir -p /var/lib/opensmtpd/empty

for service in $SERVICES; do
  case "$was_there" in
  *" $service "*) ;;
  *) update-rc.d "$service" disable >/dev/null 2>&1 || true ;;
  esac
done
