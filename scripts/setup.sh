# Sourced by ./demo and ./test: brings the machine to where the work can start, and says what it
# installs. Expects to run from the repository's root. Sets PATH so that `node` is the pinned one.

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 4
}

need_root() {
  [ "$(id -u)" = 0 ] && return
  printf '%s needs root: it creates network namespaces and runs libvirtd in them.\nRun: sudo %s\n' \
    "$(basename "$0")" "$0" >&2
  exit 4
}

# need_commands "COMMAND=PACKAGE ..." installs the packages whose command is not on the PATH.
# A command written with a leading slash is a file that must exist.
need_commands() {
  local pair command package missing=()
  for pair in "$@"; do
    command=${pair%%=*} package=${pair#*=}
    case $command in
      /*) [ -e "$command" ] || missing+=("$package") ;;
      *) command -v "$command" >/dev/null || missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  command -v apt-get >/dev/null || fail "missing: ${missing[*]}; this machine has no apt-get: install them yourself"
  printf 'installing Debian packages: %s\n' "${missing[*]}" >&2
  local log
  log=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get could not install ${missing[*]} (its whole output: $log)"
  fi
  rm -f "$log"
}

# npm packages, and with them the pinned Node: again only when the lock file has changed.
need_npm_packages() {
  local lock stamp=node_modules/.drover-lock
  lock=$(sha256sum package-lock.json | cut -d' ' -f1)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
    printf 'installing npm packages, Node %s among them\n' \
      "$(sed -n 's/.*"node": "\([0-9.]*\)".*/\1/p' package.json | head -n 1)" >&2
    npm ci --no-audit --no-fund --loglevel=error >&2 || fail 'npm ci failed'
    printf '%s' "$lock" >"$stamp"
  fi
  PATH=$PWD/node_modules/.bin:$PATH
}

need_node() {
  need_commands node=nodejs npm=npm
  need_npm_packages
}

# A PostgreSQL for the tests, which start servers of their own: the package shall start none.
need_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return
  need_commands /etc/postgresql-common/createcluster.conf=postgresql-common
  sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  # Its place has the version in it; that it is missing is known by now.
  need_commands /usr/lib/postgresql/server=postgresql
}

# What the lab needs of the machine; `drover lab doctor` explains each.
need_lab() {
  need_commands ip=iproute2 tc=iproute2 nft=nftables unshare=util-linux debootstrap=debootstrap \
    /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
}
