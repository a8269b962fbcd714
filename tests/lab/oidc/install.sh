#!/bin/sh
# Install oidc-provider, an authorization server, for the tests of accounts. Only for the tests, and never committed.
# Nothing is done when it is there, or where there is no npm: the tests are skipped then.
set -eu

VERSION=9.13.3
HERE=$(cd "$(dirname "$0")" && pwd)

there() {
  grep -q "\"version\": \"$VERSION\"" "$HERE/node_modules/oidc-provider/package.json" 2>/dev/null
}

if there; then exit 0; fi
if ! command -v npm >/dev/null; then
  echo "the tests on a real authorization server are skipped: they need npm, to install oidc-provider" >&2
  exit 0
fi
echo "installing for the tests of accounts: oidc-provider $VERSION"
npm install --prefix "$HERE" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
  "oidc-provider@$VERSION" >/dev/null
there || {
  echo "oidc-provider $VERSION was not installed" >&2
  exit 1
}
