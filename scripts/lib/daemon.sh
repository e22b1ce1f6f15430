# Start the daemon so that it goes on after the script, and after a reboot where systemd can see to that. Sourced by bash.

log_file=/var/log/dockersnap.log

start_daemon() {
  if [ -d /run/systemd/system ]; then start_with_systemd; else start_in_background; fi
  wait_for_daemon
}

start_with_systemd() {
  say "Starting the daemon as the systemd service 'dockersnap' (it comes back after a reboot)"
  cat >/etc/systemd/system/dockersnap.service <<UNIT
[Unit]
Description=dockersnap: Docker environments that can be snapshotted, taken back and branched
After=network-online.target
Wants=network-online.target

[Service]
ExecStart="$root/bin/dockersnap" serve
Restart=on-failure
# Engines outlive the daemon: a stop must end this process alone.
KillMode=process
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable --quiet dockersnap.service
  systemctl restart dockersnap.service
}

start_in_background() {
  stop_running_daemon
  say "Starting the daemon in the background (no systemd here; its log is $log_file)"
  touch "$log_file" && chmod 600 "$log_file"
  setsid "$root/bin/dockersnap" serve >>"$log_file" 2>&1 </dev/null &
  daemon_pid=$!
}

# One that runs already is stopped, so that the one just built takes over. Its engines go on.
stop_running_daemon() {
  local pid_file=/run/dockersnap/_daemon.pid pid
  [ -s "$pid_file" ] || return 0
  pid="$(cat "$pid_file")"
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q 'serve' || return 0
  say "Stopping the daemon that runs already (process $pid); its engines and containers go on running"
  kill -TERM "$pid"
  tail --pid="$pid" -f /dev/null
}

wait_for_daemon() {
  local attempt
  for attempt in $(seq 1 300); do
    dockersnap health >/dev/null 2>&1 && return
    [ -z "${daemon_pid:-}" ] || kill -0 "$daemon_pid" 2>/dev/null || break
    sleep 0.1
  done
  if [ -d /run/systemd/system ]; then journalctl --unit dockersnap --lines 20 --no-pager >&2; else tail -n 20 "$log_file" >&2; fi
  die "the daemon did not come up; its last words are above."
}
