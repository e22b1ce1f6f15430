import { expect, it } from "vitest";
import { joinedOptions, refusedOptions } from "../../src/dockerd/engine-options.ts";

it.each([
  "data-root",
  "graph",
  "userns-remap",
  "storage-driver",
  "storage-opts",
  "exec-root",
  "pidfile",
  "deprecated-key-path",
  "hosts",
  "group",
  "tls",
  "tlsverify",
  "containerd",
  "cgroup-parent",
  "exec-opts",
  "oom-score-adjust",
  "bridge",
  "iptables",
  "ip-forward",
  "ip-masq",
  "shutdown-timeout",
  "log-format",
])("%s is dockersnap's own, and that is what is said of it", (name) => {
  expect(refusedOptions({ ipv6: true, [name]: "x" })).toEqual([
    expect.stringMatching(new RegExp(`^The engine option '${name}' cannot be set: .*\\. Leave it out\\.$`)),
  ]);
});

it.each([
  [{ "live-restore": "false" }, /'live-restore' has to be true or false/],
  [{ "log-driver": 1 }, /'log-driver' has to be the name/],
  [{ "log-opts": ["max-size=1m"] }, /'log-opts' has to be an object/],
  [{ features: true }, /'features' has to be an object/],
  [{ features: { "containerd-snapshotter": true } }, /'features' has to be without containerd-snapshotter/],
])("refuses %j, with what it has to be", (options, words) => {
  expect(refusedOptions(options)).toEqual([expect.stringMatching(words)]);
});

it("leaves every other option to dockerd", () => {
  expect(
    refusedOptions({ "registry-mirrors": [], "default-ulimits": {}, unknown: 1, features: { buildkit: true } }),
  ).toEqual([]);
});

it("lets an instance's options win over the host's, and drops options of another log driver", () => {
  const host = { mtu: 1400, "log-opts": { "max-size": "1m" } };
  expect(joinedOptions(host, { mtu: 1500 })).toEqual({ ...host, mtu: 1500 });
  expect(joinedOptions(host, { "log-driver": "syslog" })).toEqual({ mtu: 1400, "log-driver": "syslog" });
});
