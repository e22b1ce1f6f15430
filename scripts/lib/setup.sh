# What quickstart and test share: look at the machine, install what is missing, build. Sourced by bash, never run.

node_version=24.21.0

# A root that is not one's login, as after a plain 'su', has neither the system's programs nor the link in its path.
export PATH="$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() {
  printf 'dockersnap: %s\n' "$*" >&2
  exit 1
}

# Nothing is touched before all of these have been looked at; everything missing is named at once.
check_machine() {
  local problems=()
  [ "$(uname -s)" = Linux ] || die "this is $(uname -s); dockersnap drives Linux namespaces and btrfs and runs on Linux only."
  [ "$(id -u)" = 0 ] || problems+=("root is needed to make namespaces, mounts and devices: run it as 'sudo $0'.")
  case "$(uname -m)" in
    x86_64 | aarch64) ;;
    *) problems+=("this processor is a $(uname -m); Node 24 can be brought along for x86_64 and aarch64 only.") ;;
  esac
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    problems+=("node or npm is missing: install Node.js with npm, in any version ('apt-get install npm'). If you have them for yourself alone, run this as: sudo env PATH=\"\$PATH\" $0")
  fi
  if [ -n "$(missing_commands)" ] && ! command -v apt-get >/dev/null; then
    problems+=("there is no apt-get here and these programs are missing: $(missing_commands | paste -s -d ' '). Install them, then run this again.")
  fi
  local filesystem
  for filesystem in btrfs overlay; do
    grep -qw "$filesystem" /proc/filesystems || modprobe -q "$filesystem" 2>/dev/null ||
      problems+=("the kernel has no $filesystem: it needs CONFIG_$(printf '%s' "$filesystem" | sed 's/overlay/overlay_fs/' | tr a-z A-Z).")
  done
  [ -e /proc/self/ns/net ] && [ -e /proc/self/ns/pid ] || problems+=("the kernel has no network or pid namespaces.")
  [ -e /dev/loop-control ] || modprobe -q loop 2>/dev/null || problems+=("the kernel has no loop devices (/dev/loop-control).")
  [ -d /sys/fs/cgroup ] || problems+=("no cgroups are mounted at /sys/fs/cgroup.")
  [ ${#problems[@]} -eq 0 ] && return
  printf 'dockersnap cannot be set up on this machine yet; nothing was changed:\n' >&2
  printf '  - %s\n' "${problems[@]}" >&2
  exit 1
}

# program:Debian package that has it:what for
requirements=(
  "dockerd:docker.io:the Docker engine every instance runs"
  "docker:docker.io:the docker command line"
  "docker-init:docker.io:the first process of every sandbox"
  "mkfs.btrfs:btrfs-progs:the pool instances live on"
  "perl:perl-base:asking the kernel for subvolumes and connections"
  "nft:nftables:forwarding of ports"
  "iptables:iptables:what dockerd itself needs for networks"
  "ip:iproute2:network namespaces"
  "tc:iproute2:guarding the host's loopback"
  "setpriv:util-linux:ending what watches the network together with the daemon"
  "nsenter:util-linux:entering namespaces"
  "losetup:mount:the pool's loop device"
  "busybox:busybox-static:the echo image where no registry is in reach"
)

missing_commands() {
  local entry
  for entry in "${requirements[@]}"; do
    command -v "${entry%%:*}" >/dev/null || printf '%s\n' "${entry%%:*}"
  done
}

# Installs only what is not there.
install_packages() {
  local entry program package purpose wanted=()
  for entry in "${requirements[@]}"; do
    IFS=: read -r program package purpose <<<"$entry"
    command -v "$program" >/dev/null && continue
    case " ${wanted[*]} " in *" $package "*) continue ;; esac
    note "$package: $purpose"
    wanted+=("$package")
  done
  # The program is there on most machines, but an image can only be made of one that needs no libraries.
  if command -v busybox >/dev/null && ! file_is_static "$(command -v busybox)"; then
    note "busybox-static: the echo image where no registry is in reach"
    wanted+=(busybox-static)
  fi
  [ ${#wanted[@]} -eq 0 ] && return
  say "Installing system packages: ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || die "the package lists could not be read; check this machine's network and /etc/apt/sources.list."
  apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null ||
    die "apt-get could not install ${wanted[*]}; its words are above."
}

file_is_static() { ! ldd "$1" >/dev/null 2>&1; }

# npm tries for a quarter of an hour before it says that nobody answers, so that is found out before it is first needed. It is
# no reason to end: npm may have what it needs in its cache.
warn_of_registry() {
  local answer code
  [ -z "${registry_asked-}" ] || return 0
  registry_asked=yes
  answer="$(npm ping --fetch-timeout=15000 --fetch-retries=0 2>&1 >/dev/null)" && return 0
  code="$(sed -n 's/^npm [^ ]* code //p' <<<"$answer" | head -n 1)"
  # A number is a registry's own answer: one that knows no ping is there all the same.
  case "$code" in E[0-9]*) return 0 ;; esac
  # Its address may hold a password, so it is not told here.
  note "npm's registry cannot be reached (${code:-no answer}). What npm has in its cache is used; for anything else it gives up"
  note "only after up to 15 minutes. Better end this, look at the network, at the proxy and at the address that"
  note "'npm config get registry' tells, and run it again."
}

# The project's own Node, in a folder of its own: nothing of the machine's Node is changed.
install_node() {
  local arch package
  case "$(uname -m)" in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; esac
  package="node-linux-$arch"
  if [ "$("$root/.node/bin/node" --version 2>/dev/null)" != "v$node_version" ]; then
    say "Bringing Node $node_version into .node (the system's $(node --version) stays as it is)"
    warn_of_registry
    mkdir -p "$root/.node/bin"
    printf '{"private":true}\n' >"$root/.node/package.json"
    npm install --prefix "$root/.node" --no-audit --no-fund --loglevel=error --no-save "$package@$node_version" >/dev/null ||
      die "npm could not fetch $package@$node_version; its words are above."
    ln -sfn "../node_modules/$package/bin/node" "$root/.node/bin/node"
  fi
  export PATH="$root/.node/bin:$PATH"
}

# Unchanged since the last time means nothing to do. What is locked is installed as locked; 'npm ci' would besides refuse a
# lock file without the optional packages of other platforms, which not every mirror of the registry has.
install_dependencies() {
  local stamp="$root/node_modules/.installed-from" sum
  sum="$(cat "$root/package-lock.json" "$root"/{,packages/*/,plugins/*/,tests/}package.json "$root/.node/bin/node" | sha256sum)"
  [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return
  say "Installing the project's libraries"
  warn_of_registry
  (cd "$root" && npm install --no-save --no-audit --no-fund --loglevel=error >/dev/null) ||
    die "npm could not install the project's libraries; its words are above."
  printf '%s\n' "$sum" >"$stamp"
}

build() {
  say "Building"
  (cd "$root" && npm run --silent build >/dev/null) || die "the build failed; its words are above."
}
