#!/bin/sh
# Install what the lab needs: Debian's mail servers, Prometheus and Alertmanager, and Chromium for the tests of the pages.
# Nothing is done when all is there, or for an ordinary user, for whom the tests of the lab are skipped. No service is started now, nor at the next boot.
set -eu

PACKAGES="gcc libc6-dev postfix dovecot-imapd dovecot-lmtpd dovecot-sieve rspamd unbound knot rbldnsd postgrey spamassassin spamd libmail-spf-perl libidn12 iproute2 nftables nginx-light prometheus prometheus-alertmanager chromium fonts-dejavu-core"
SERVICES="spamd spamassassin postfix dovecot rspamd unbound knot rbldnsd postgrey nginx prometheus prometheus-alertmanager"
POLICY=/usr/sbin/policy-rc.d
UNPACKED=/opt/mailpath-lab # Exim: as a package it would replace Postfix

missing=""
for package in $PACKAGES; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
[ -x "$UNPACKED/usr/sbin/exim4" ] || missing="$missing exim4-daemon-light"
command -v npm >/dev/null || missing="$missing nodejs npm" # npm may be there from elsewhere
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "the lab of real mail servers is skipped: it needs root on Debian, to install:$missing" >&2
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

echo "installing for the lab:$missing"
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $(echo "$missing" | sed 's/ exim4-daemon-light//') >/dev/null
if [ ! -x "$UNPACKED/usr/sbin/exim4" ]; then
  fetched=$(mktemp -d)
  (cd "$fetched" && apt-get download -qq exim4-daemon-light >/dev/null 2>&1 && dpkg -x exim4-daemon-light_*.deb "$UNPACKED")
  chmod u-s "$UNPACKED/usr/sbin/exim4"
  rm -rf "$fetched"
  getent passwd Debian-exim >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin Debian-exim
fi

for service in $SERVICES; do
  case "$was_there" in
  *" $service "*) ;;
  *) update-rc.d "$service" disable >/dev/null 2>&1 || true ;;
  esac
done
