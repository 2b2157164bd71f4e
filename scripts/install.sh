#!/usr/bin/env bash
# What the tests need beside Rust, and a clear word for what is installed.
#
# As root the missing Debian packages are installed (only when something is missing); otherwise
# the command for it is printed. Node packages go into node_modules/, by the lock file.
set -u
cd "$(dirname "$0")/.."

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need cc build-essential
need python3 python3
need node nodejs
need npm npm
need chromium chromium
# The readers that look at what comes out of the door for pictures.
need exiftool libimage-exiftool-perl
/usr/bin/python3 -c 'import PIL' 2>/dev/null || missing+=(python3-pil)

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "install: Debian packages ${missing[*]} (apt-get install)"
    apt-get update -qq >/dev/null || exit 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      "${missing[@]}" >/dev/null || exit 1
  else
    echo "install: missing: ${missing[*]}; as root: apt-get install ${missing[*]}"
  fi
else
  echo "install: every Debian package that the tests need is here"
fi

# Licences, bans and sources of what Parlor depends on. Everything it needs comes from crates.io.
deny=0.20.2
if cargo deny --version 2>/dev/null | grep -qx "cargo-deny $deny"; then
  echo "install: cargo-deny $deny is here"
else
  echo "install: cargo-deny $deny (cargo install; takes some minutes, once)"
  # It runs for seconds: what makes it fast would cost minutes more here.
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --locked cargo-deny --version "$deny" ||
    echo "install: cargo-deny $deny could not be installed (cargo install --locked cargo-deny" \
      "--version $deny): its stage is skipped"
fi

if command -v npm >/dev/null 2>&1; then
  stamp=node_modules/.parlor-lock
  if ! cmp -s package-lock.json "$stamp"; then
    echo "install: Node packages for the page's tests into node_modules/ (npm ci)"
    npm ci --silent --no-audit --no-fund --ignore-scripts || exit 1
    cp package-lock.json "$stamp"
  else
    echo "install: the page's Node packages are here"
  fi
fi
