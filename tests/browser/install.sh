#!/bin/sh
# Install what the tests in Chromium need beside it: axe-core, which judges whether everybody can use a page. Only for
# the tests, and never committed. Nothing is done when it is there, or where there is no npm: the tests are skipped then.
set -eu

VERSION=4.14.1
SUM=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
HERE=$(cd "$(dirname "$0")" && pwd)
FILE="$HERE/node_modules/axe-core/axe.min.js"

there() {
  [ -e "$FILE" ] && echo "$SUM  $FILE" | sha256sum --check --status
}

if there; then exit 0; fi
if ! command -v npm >/dev/null; then
  echo "the tests in Chromium are skipped: they need npm, to install axe-core" >&2
  exit 0
fi
echo "installing for the tests in Chromium: axe-core $VERSION"
npm install --prefix "$HERE" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
  "axe-core@$VERSION" >/dev/null
there || {
  echo "$FILE is not that of axe-core $VERSION" >&2
  exit 1
}
