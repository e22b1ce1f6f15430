#!/usr/bin/env bash
# The daemon's acts as a bare script does them: the same steps of the kernel and of Docker, one after the other, and nothing
# else: no records, no way back, no forwarded ports, no plugin. Reads one act a line and answers each with a line: "done", or
# "failed" with the reason. When its input ends it takes everything away that it made.
#
#   floor.sh POOL RUN ARCHIVE PREFIX
#     POOL     a folder on the btrfs to make datasets in
#     RUN      a folder for sockets and runtime files
#     ARCHIVE  a tar of the root file system the container runs
#     PREFIX   begins the name of every namespace and control group it makes
set -u
pool=$1 run=$2 archive=$3 prefix=$4
exec {acts}<&0 </dev/null {answers}>&1 >&2
exec {never}<> <(:)

declare -A sandbox=() number=()

pause() { read -rt 0.002 <&"$never" || :; }

docker_api() { # NAME METHOD PATH [CURL ARGUMENT]...
  local socket=$run/$1/docker.sock method=$2 path=$3
  shift 3
  curl --silent --show-error --fail --output /dev/null --unix-socket "$socket" --request "$method" "http://docker$path" "$@"
}

make_network() { # NAME
  local namespace=ds-$prefix$1 link=ve$prefix$1 network
  for ((network = 0; ; network++)); do [[ " ${number[*]} " == *" $network "* ]] || break; done
  number[$1]=$network
  ip -batch - <<END || return
netns add $namespace
link add $link type veth peer name veth0 netns $namespace
address add 198.18.$network.1/30 dev $link
link set dev $link up
END
  ip -netns "$namespace" -batch - <<END
link set dev lo up
address add 198.18.$network.2/30 dev veth0
link set dev veth0 up
route add default via 198.18.$network.1
END
}

launch_engine() { # NAME
  local files=$run/$1
  mkdir -p "$files/exec/data" "$files/shims" /run/containerd /run/docker
  echo 'nameserver 127.0.0.1' >"$files/resolv.conf"
  # Without a folder of its own for the shims' sockets, each kill would leave some on the host for good. dockerd keeps the
  # paths of volumes with the containers, so what is taken over of the daemon's has to find its data-root where it was.
  # shellcheck disable=SC2016
  nsenter --net="/run/netns/ds-$prefix$1" \
    unshare --mount --propagation slave --pid --fork --kill-child --mount-proc \
    sh -c 'mount --bind "$0/shims" /run/containerd && mount --bind "$0/resolv.conf" /etc/resolv.conf &&
      mount --bind "$0/exec" /run/docker && mount --bind "$1" /run/docker/data && shift &&
      exec docker-init -- "$@"' "$files" "$pool/$1" \
    dockerd --data-root /run/docker/data --exec-root /run/docker --pidfile "$files/dockerd.pid" \
    --host "unix://$files/docker.sock" --storage-driver overlay2 --cgroup-parent "/$prefix$1" \
    >>"$files/dockerd.log" 2>&1 &
  sandbox[$1]=$!
}

until_ready() { # NAME
  local files=$run/$1
  until [[ -S $files/docker.sock ]] && docker_api "$1" GET /_ping 2>/dev/null; do
    kill -0 "${sandbox[$1]}" 2>/dev/null || return
    pause
  done
}

start_engine() { # NAME
  launch_engine "$1" && until_ready "$1"
}

end_engine() { # NAME SIGNAL
  local init
  read -r init _ <"/proc/${sandbox[$1]}/task/${sandbox[$1]}/children"
  kill "-$2" "$init"
  wait "${sandbox[$1]}" 2>/dev/null
  unset "sandbox[$1]"
  rm -rf "$run/$1/exec" "$run/$1/docker.sock" "$run/$1/dockerd.pid"
}

until_serving() { # NAME
  local status deadline=$((SECONDS + 60))
  while ((SECONDS < deadline)); do
    if { exec {connection}<>"/dev/tcp/198.18.${number[$1]}.2/5678"; } 2>/dev/null; then
      printf 'GET / HTTP/1.0\r\n\r\n' >&"$connection"
      status=
      read -rt 1 status <&"$connection"
      exec {connection}>&-
      [[ $status == *" 200 "* ]] && return
    fi
    kill -0 "${sandbox[$1]}" || return
    pause
  done
  return 1
}

container='{
  "Image": "echo:1", "Cmd": ["-listen=:5678", "-text=hi"], "ExposedPorts": {"5678/tcp": {}},
  "HostConfig": {
    "PortBindings": {"5678/tcp": [{"HostPort": "5678"}]}, "RestartPolicy": {"Name": "always"},
    "Mounts": [{"Type": "volume", "Source": "echo-data", "Target": "/data"}]
  }
}'

create() { # NAME
  btrfs subvolume create "$pool/$1" &&
    make_network "$1" &&
    start_engine "$1" &&
    { docker_api "$1" POST '/images/create?fromImage=hashicorp/http-echo&tag=latest' || :; } &&
    docker_api "$1" POST '/images/create?fromSrc=-&repo=echo&tag=1&changes=ENTRYPOINT+%5B%22%2Fhttp-echo%22%5D' \
      --header 'Content-Type: application/x-tar' --data-binary "@$archive" &&
    docker_api "$1" POST '/containers/create?name=echo' --header 'Content-Type: application/json' --data "$container" &&
    docker_api "$1" POST /containers/echo/start &&
    until_serving "$1"
}

snapshot() { # NAME LABEL
  btrfs subvolume snapshot -r "$pool/$1" "$pool/$1@$2"
}

revert() { # NAME LABEL KEPT
  end_engine "$1" KILL
  btrfs subvolume snapshot -r "$pool/$1" "$pool/$1@$3" &&
    btrfs subvolume delete "$pool/$1" &&
    btrfs subvolume snapshot "$pool/$1@$2" "$pool/$1" &&
    start_engine "$1" &&
    until_serving "$1"
}

clone() { # SOURCE LABEL NAME
  btrfs subvolume snapshot "$pool/$1@$2" "$pool/$3" &&
    make_network "$3" &&
    start_engine "$3" &&
    until_serving "$3"
}

# Several at once: what waits for an engine waits for all of them.
clones() { # SOURCE LABEL NAME...
  local source=$1 label=$2 name
  shift 2
  for name; do
    btrfs subvolume snapshot "$pool/$source@$label" "$pool/$name" && make_network "$name" && launch_engine "$name" || return
  done
  for name; do
    until_ready "$name" && until_serving "$name" || return
  done
}

stop() { # NAME
  end_engine "$1" TERM
}

start() { # NAME
  start_engine "$1" && until_serving "$1"
}

freezer() { # NAME FROZEN|THAWED
  if [[ -d /sys/fs/cgroup/freezer/$prefix$1 ]]; then
    echo "$2" >"/sys/fs/cgroup/freezer/$prefix$1/freezer.state"
  elif [[ $2 == FROZEN ]]; then
    echo 1 >"/sys/fs/cgroup/$prefix$1/cgroup.freeze"
  else
    echo 0 >"/sys/fs/cgroup/$prefix$1/cgroup.freeze"
  fi
}

hold() { # NAME
  freezer "$1" FROZEN
}

# What a clone that waits cannot do without: its processes go on, and its service answers.
take() { # NAME
  freezer "$1" THAWED && until_serving "$1"
}

delete() { # NAME
  [[ -z ${sandbox[$1]:-} ]] || end_engine "$1" KILL
  # What of it is not there keeps nothing else.
  ip -force -batch - <<END
link delete dev ve$prefix$1
netns delete ds-$prefix$1
END
  unset "number[$1]"
  btrfs subvolume delete "$pool/$1" "$pool/$1"@* 2>/dev/null
  find /sys/fs/cgroup/*/"$prefix$1" -depth -type d -delete 2>/dev/null
  rm -rf "${run:?}/$1"
}

# The bare act of keeping a moment, of whatever tree there is.
keep() { # TREE LABEL
  btrfs subvolume snapshot -r "$1" "$pool/$2"
}

drop() { # LABEL
  btrfs subvolume delete "$pool/$1"
}

mkdir -p "$pool" "$run"
while read -r act words <&"$acts"; do
  # shellcheck disable=SC2086
  if $act $words; then echo done >&"$answers"; else echo "failed: $act $words" >&"$answers"; fi
done
for name in "${!number[@]}"; do delete "$name"; done
rm -rf "$run"
