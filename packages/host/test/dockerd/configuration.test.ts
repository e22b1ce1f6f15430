import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { daemonJson, dockerdEnvironment, setLiveRestore } from "../../src/dockerd/configuration.ts";
import { checkSocketPath, runtimeFiles } from "../../src/dockerd/runtime-files.ts";

const settings = {
  ...{ logMaxSize: "10m", logMaxFile: 3, options: {}, usesKeyFile: true },
  ...{ hostAddress: "10.10.0.1", subnet: "10.10.0.0/16" },
};

it("keeps everything of an engine in its own folders and lets containers outlive dockerd", () => {
  const files = runtimeFiles("/run/dockersnap", "web");
  const written = JSON.parse(
    daemonJson(files, { ...settings, dataRoot: "/pool/web", cgroupParent: "/dockersnap-web/containers" }),
  );
  expect(written).toEqual({
    "data-root": "/pool/web",
    "exec-root": "/run/docker",
    pidfile: "/run/docker/dockerd.pid",
    hosts: ["unix:///run/dockersnap/web.sock"],
    "storage-driver": "overlay2",
    "live-restore": true,
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": "/dockersnap-web/containers",
    "host-gateway-ip": "10.10.0.1",
    "deprecated-key-path": "/run/docker/self/key.json",
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
    "log-level": "warn",
    features: { "containerd-snapshotter": false },
  });
});

it("passes options to dockerd, and none that would take an engine out of its place", () => {
  const files = runtimeFiles("/run/dockersnap", "web");
  const place = { ...settings, dataRoot: "/pool/web", cgroupParent: "/c" };
  const written = (options: Record<string, unknown>) => JSON.parse(daemonJson(files, { ...place, options }));
  expect(
    written({ "live-restore": false, "log-opts": { "max-file": 5 }, features: { buildkit: false }, "data-root": "/" }),
  ).toEqual({
    ...written({}),
    "live-restore": false,
    "log-opts": { "max-size": "10m", "max-file": "5" },
    features: { buildkit: false, "containerd-snapshotter": false },
  });
  expect(written({ "log-driver": "local" })["log-opts"]).toEqual({ "max-size": "10m", "max-file": "3" });
  expect(written({ "log-driver": "syslog", "log-opts": { tag: "x" } })["log-opts"]).toEqual({ tag: "x" });
});

it("turns live restore off and on in what is written already, and nothing else", async () => {
  const dir = await mkdtemp(join(tmpdir(), "dockerd-configuration-"));
  try {
    const files = { ...runtimeFiles(dir, "web"), configuration: join(dir, "daemon.json") };
    const before = daemonJson(files, { ...settings, dataRoot: "/pool/web", cgroupParent: "/c" });
    await writeFile(files.configuration, before);
    expect(await setLiveRestore(files, true)).toBe(false);
    expect(await setLiveRestore(files, false)).toBe(true);
    expect(JSON.parse(await readFile(files.configuration, "utf8"))["live-restore"]).toBe(false);
    expect(await setLiveRestore(files, true)).toBe(true);
    expect(await readFile(files.configuration, "utf8")).toBe(before);
  } finally {
    await rm(dir, { recursive: true });
  }
});

it("gives dockerd the proxy and none of the daemon's own variables", () => {
  const environment = dockerdEnvironment({ http: "http://192.0.2.1:3128", noProxy: "localhost" });
  expect(Object.keys(environment).sort()).toEqual(["GOGC", "HOME", "HTTP_PROXY", "NO_PROXY", "PATH", "TMPDIR"]);
  expect(environment.PATH?.split(":")).toContain("/usr/sbin");
});

it("refuses sockets with longer paths than the kernel takes, and says by how much", () => {
  expect(() => checkSocketPath("web", runtimeFiles("/run/dockersnap", "web"))).not.toThrow();
  expect(() => checkSocketPath("a".repeat(32), runtimeFiles("/run/dockersnap", "a".repeat(32)))).not.toThrow();
  const long = `/${"r".repeat(98)}`;
  expect(() => checkSocketPath("web", runtimeFiles(long, "web"))).toThrow(
    expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("shorter by 1.") }),
  );
});

it("keeps the networks that Docker makes by itself out of the instance's own subnet", () => {
  const files = runtimeFiles("/run/dockersnap", "web");
  const rest = { ...settings, dataRoot: "/pool/web", cgroupParent: "/c" };
  const pools = (subnet: string) => JSON.parse(daemonJson(files, { ...rest, subnet }))["default-address-pools"];
  expect(pools("10.10.0.0/16")).toBeUndefined();
  const bases = (subnet: string) => pools(subnet).map(({ base }: { base: string }) => base);
  expect(bases("172.20.4.0/24")).not.toContain("172.20.0.0/16");
  expect(bases("172.20.4.0/24")).toHaveLength(30);
  expect(bases("192.168.0.0/16")).toHaveLength(15);
});
