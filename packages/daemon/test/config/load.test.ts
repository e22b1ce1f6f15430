import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ds-config-"));
  file = join(folder, "config.yaml");
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(file, text, { mode: 0o600 });
  return loadConfig({ file, environment: env });
}

/** The problems told about this configuration, without the file's folder. */
function problems(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    load(text, env);
  } catch (error) {
    const { code, details } = error as { code: string; details: { problems: string[] } };
    expect(code).toBe("invalid_request");
    return details.problems.map((line) => line.replace(`${folder}/`, ""));
  }
  return [];
}

describe("a configuration", () => {
  it("has a default for everything", () => {
    expect(load("").config).toMatchObject({
      storage: { driver: "auto" },
      btrfs: { path: undefined, size: undefined },
      api: { listen: { host: "127.0.0.1", port: 9847 }, proxy_bind: "127.0.0.1", token: undefined },
      network: { base_offset: "10.10.0.0", subnet_size: 16, metallb_host_offset: "10.10" },
      docker: { dns: [], binary: "dockerd", proxy: { http: undefined, https: undefined, no_proxy: undefined } },
      plugins: {
        dir: "/usr/local/lib/dockersnap/plugins",
        health_poll_interval: 30_000,
        health_failure_threshold: 3,
        timeouts: { deploy: 600_000, validate: 30_000, post_clone: 30_000 },
      },
      snapshots: { auto_keep: 86_400_000 },
      state_dir: "/var/lib/dockersnap",
      run_dir: "/run/dockersnap",
      log_level: "info",
    });
  });

  it("is read from a file, in sections or by full names", () => {
    const { config } = load(`
# everything that is not text by nature
api:
  listen: "[::1]:0"
  token: &t 0123456789abcdef
network: { base_offset: 10.20.0.0, metallb_host_offset: 10.20 }
btrfs:
  size: 20G
docker:
  dns: [9.9.9.9, "::1"]
  log_max_size: 10m
  proxy:
    http: http://user:pw@proxy:3128
    https: ""
    no_proxy: localhost,.example
plugins:
  timeouts:
    deploy: 1h30m
    health: 1500ms
plugins.health_poll_interval: 0
log_level: debug
storage:
`);
    expect(config).toMatchObject({
      api: { listen: { host: "::1", port: 0 }, proxy_bind: "127.0.0.1", token: "0123456789abcdef" },
      network: { base_offset: "10.20.0.0", metallb_host_offset: "10.20" },
      btrfs: { size: 20 * 1024 ** 3 },
      docker: {
        dns: ["9.9.9.9", "::1"],
        log_max_size: 10 * 1024 ** 2,
        proxy: { http: "http://user:pw@proxy:3128", https: undefined, no_proxy: "localhost,.example" },
      },
      plugins: { timeouts: { deploy: 5_400_000, health: 1_500 }, health_poll_interval: 0 },
      log_level: "debug",
    });
  });

  it("takes the environment over the file", () => {
    const { config } = load("api: { listen: '127.0.0.1:1', proxy_bind: 0.0.0.0 }", {
      DOCKERSNAP_API_LISTEN: "127.0.0.2:2",
      DOCKERSNAP_DOCKER_PROXY_HTTP: "http://proxy:1",
      DOCKERSNAP_DOCKER_DNS: "9.9.9.9, 1.1.1.1",
      DOCKERSNAP_STATE_DIR: "/srv/state",
      DOCKERSNAP_PLUGINS_TIMEOUTS_PRE_SNAPSHOT: "5m",
      PATH: "/bin",
    });
    expect(config).toMatchObject({
      api: { listen: { host: "127.0.0.2", port: 2 }, proxy_bind: "0.0.0.0" },
      docker: { proxy: { http: "http://proxy:1" }, dns: ["9.9.9.9", "1.1.1.1"] },
      state_dir: "/srv/state",
      plugins: { timeouts: { pre_snapshot: 300_000 } },
    });
  });

  it("has options for the engines, with YAML's numbers and truth values, or as JSON in a variable", () => {
    const text = `
docker:
  engine:
    live-restore: false
    registry-mirrors: [http://10.0.0.5:5000]
    max-concurrent-downloads: 6
    log-opts: { tag: "6" }
    default-ulimits:
      nofile: { Name: nofile, Hard: 4096, Soft: 1024 }
`;
    expect(load(text).config.docker.engine).toEqual({
      "live-restore": false,
      "registry-mirrors": ["http://10.0.0.5:5000"],
      "max-concurrent-downloads": 6,
      "log-opts": { tag: "6" },
      "default-ulimits": { nofile: { Name: "nofile", Hard: 4096, Soft: 1024 } },
    });
    expect(load(text, { DOCKERSNAP_DOCKER_ENGINE: '{"ipv6":true}' }).config.docker.engine).toEqual({ ipv6: true });
    expect(load("docker.engine: { mtu: 1400 }").config.docker.engine).toEqual({ mtu: 1400 });
    expect(load("docker:\n  engine:\n").config.docker.engine).toEqual({});
  });

  it.each([
    [
      "docker:\n  engine:\n    data-root: /elsewhere\n",
      /^config\.yaml:2: docker\.engine: The engine option 'data-root' cannot be set/,
    ],
    ["docker: { engine: { live-restore: maybe } }", /The engine option 'live-restore' has to be true or false/],
    ["docker: { engine: [a] }", /docker\.engine: expected options of dockerd.*got "a list"/],
    ["docker: { engine: text }", /docker\.engine: expected options of dockerd/],
    ["docker: { engine: &loop { a: *loop } }", /docker\.engine: .*got "an alias inside it"/],
  ])("is refused with %j", (text, words) => {
    expect(problems(text).join("\n")).toMatch(words);
  });

  it("forwards ports where the API listens, unless told otherwise", () => {
    const token = "api.token: 0123456789abcdef\n";
    expect(load(`${token}api.listen: :9847`).config.api.proxy_bind).toBe("0.0.0.0");
    expect(load(`${token}api.listen: 192.0.2.1:80`).config.api.proxy_bind).toBe("192.0.2.1");
    expect(load(`${token}api.listen: '[::]:80'`).config.api.proxy_bind).toBe("0.0.0.0");
    expect(load("api.listen: localhost:80").config.api.proxy_bind).toBe("127.0.0.1");
    expect(problems(`${token}api.listen: '[2001:db8::1]:80'`)[0]).toContain("api.proxy_bind: expected an IPv4 address");
  });

  it.each([
    ["2048MiB", 2 * 1024 ** 3],
    ["2GB", 2_000_000_000],
    ["1.5G", 1.5 * 1024 ** 3],
    ["1073741824", 1024 ** 3],
    ["1t", 1024 ** 4],
  ])("reads the size %s as %i bytes", (written, bytes) => {
    expect(load(`btrfs.size: ${written}`).config.btrfs.size).toBe(bytes);
  });
});

describe("what is wrong with a configuration", () => {
  it("is one of the first twenty, where there are very many; the rest is counted", () => {
    const text = Array.from({ length: 500 }, (_, index) => `word_${index}: 1`).join("\n");
    expect(problems(text)).toHaveLength(20);
    expect(() => load(text)).toThrow(/has 500 problems:[\s\S]*and 480 more$/);
  });

  it("is told all at once, each with its place, its key, what was expected and what came", () => {
    expect(
      problems(
        `api:
  listne: 127.0.0.1:9847
  listen: 127.0.0.1
network:
  subnet_size: big
  base_offset: [10.0.0.0]
docker:
  log_max_file: {a: 1}
strage:
  driver: btrfs
log_level: loud
plugins.dir: plugins
plugins: 3
`,
        { DOCKERSNAP_BTRFS_SIZE: "20X", DOCKERSNAP_STATE_DIRR: "/x" },
      ),
    ).toEqual([
      "config.yaml:2: api.listne: there is no such key. Did you mean api.listen?",
      'config.yaml:6: network.base_offset: expected an IPv4 address, got "a list"',
      'config.yaml:8: docker.log_max_file: expected a whole number from 1 to 1000, got "a mapping"',
      "config.yaml:9: strage: there is no such key. Did you mean storage?",
      "config.yaml:13: plugins: expected keys and their values, got a single value",
      "DOCKERSNAP_STATE_DIRR: there is no such setting. Did you mean DOCKERSNAP_STATE_DIR?",
      'DOCKERSNAP_BTRFS_SIZE: btrfs.size: expected a size such as 20G, 512MiB or a number of bytes, 1GiB or more, got "20X"',
      'config.yaml:3: api.listen: expected an IP address or localhost, a colon and a port, such as 127.0.0.1:9847, got "127.0.0.1"',
      'config.yaml:5: network.subnet_size: expected a whole number from 8 to 29, got "big"',
      'config.yaml:12: plugins.dir: expected an absolute path, got "plugins"',
      'config.yaml:11: log_level: expected one of debug, info, warn or error, got "loud"',
    ]);
  });

  it.each([
    ["plugins.timeouts.deploy: 30", "expected a duration such as 30s, 5m or 1h30m, 1ms or more"],
    ["plugins.health_poll_interval: -5s", "0 or more"],
    ["btrfs.size: 1M", "1GiB or more"],
    ["api.listen: 127.0.0.1:99999", "expected an IP address or localhost"],
    ["api.listen: example.org:80", "expected an IP address or localhost"],
    ["network.metallb_host_offset: 10.999", "expected two numbers from 0 to 255"],
    ["docker.dns: [resolver]", "expected a list of IP addresses"],
    ["docker.proxy.http: proxy:3128", "expected the URL of a proxy"],
    ["network.base_offset: 10.10.1.0", "expected the first address of a /16 subnet, got 10.10.1.0"],
    ["network.subnet_size: 24", "network.metallb_host_offset: expected an address inside a /24 subnet"],
    ["plugins.timeouts.deplyo: 3s", "Did you mean plugins.timeouts.deploy?"],
    ["api:\n  port: 80", "Under api there are api.listen, api.token, api.proxy_bind, api.advertise_host."],
    ["log_level: info\nlog_level: debug", "not YAML: Map keys must be unique"],
    ["api.token: aaaa\napi: {token: bbbb}", "api.token: set twice, also on line 1"],
    ["api: [", "not YAML"],
    ["just words", "expected keys and their values"],
    ["a: 1\n---\nb: 2", "expected one document"],
    ["__proto__: 1", "there is no such key"],
    ["storage.driver: zfs", "this build has the btrfs driver only"],
  ])("is told of %j", (written, message) => {
    expect(problems(written).join("\n")).toContain(message);
  });

  it("never shows a secret", () => {
    expect(problems("api.token: 'two words'").join()).toContain("got something else");
    expect(problems("", { DOCKERSNAP_API_TOKEN: "pässwörd" }).join()).not.toContain("pässwörd");
  });

  it("leaves the command line's variables, and those of others, alone", () => {
    const env = { DOCKERSNAP_REMOTE: "http://x", DOCKERSNAP_TOKEN: "x", DOCKERSNAP_INSTANCE: "demo", API_LISTEN: "x" };
    expect(problems("", env)).toEqual([]);
  });

  it("is listening beyond this machine without a token", () => {
    expect(problems("log_level: info\napi.listen: 0.0.0.0:9847")).toEqual([
      "config.yaml:2: api.listen: 0.0.0.0:9847 is reachable from other machines, and whoever reaches the API is root here. Set api.token, or listen on 127.0.0.1",
    ]);
    expect(problems("", { DOCKERSNAP_API_LISTEN: ":80", DOCKERSNAP_API_TOKEN: "0123456789abcdef" })).toEqual([]);
  });

  it("is a file that was named and is not there", () => {
    const absent = join(folder, "absent.yaml");
    expect(() => loadConfig({ file: absent, environment: {} })).toThrow(
      `The configuration file ${absent} cannot be read`,
    );
  });
});

describe("a configuration file of the Go daemon", () => {
  const go = `zfs:
  pool: tank
  dataset_prefix: dockersnap/instances
  arc_max_bytes: 5368709120  # 5GB
api:
  listen: "127.0.0.1:9847"
  token: ""
  proxy_bind: "0.0.0.0"
network:
  range: "10.0.0.0/8"
  subnet_size: 16
  base_offset: "10.20.0.0"
  metallb_host_offset: "10.10"
  host_interface: eth0
docker:
  dns: null
  log_max_size: "50m"
  proxy: { http: "", https: "", no_proxy: "" }
plugins:
  health_poll_interval: "0s"
  timeouts: { init: "500ms", schema: "", health: "0s" }
state_file: "/var/lib/dockersnap/state.json"
run_dir: "/run/dockersnap"
log_level: WARNING
`;

  it("is used where it means something", () => {
    expect(load(go).config).toMatchObject({
      api: { token: undefined, proxy_bind: "0.0.0.0" },
      network: { base_offset: "10.20.0.0", subnet_size: 16 },
      docker: { dns: [], log_max_size: 50 * 1024 ** 2, proxy: { http: undefined } },
      plugins: { health_poll_interval: 0, timeouts: { init: 500, schema: 5_000, health: 10_000 } },
      state_dir: "/var/lib/dockersnap",
      log_level: "warn",
    });
  });

  it("is warned of once for each key that has no effect, with its place", () => {
    expect(load(go).warnings.map((line) => line.replace(`${folder}/`, ""))).toEqual([
      "config.yaml:4: zfs.arc_max_bytes has no effect: this daemon does not set the size of the ZFS cache.",
      "config.yaml:10: network.range has no effect: the instances' subnets follow each other from network.base_offset on.",
      "config.yaml:14: network.host_interface has no effect: the instances' traffic leaves by the route that this machine has for it.",
      "config.yaml:22: state_file has no effect: the records are kept in state_dir, and the instances in that file are not taken over.",
      "config.yaml:21: plugins.timeouts.health is 0, which is no time at all: it is 10s, as without this key.",
      "config.yaml:2: zfs.pool has no effect: instances are kept on btrfs, see storage.driver.",
      "config.yaml:3: zfs.dataset_prefix has no effect: instances are kept on btrfs, see storage.driver.",
    ]);
  });

  it("has each key that has no effect on the page for those who come from it", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/how-to/come-from-go.md"), "utf8");
    const names = load(go).warnings.flatMap((line) => / ([a-z_.]+) has no effect/.exec(line)?.[1] ?? []);
    expect(names).toHaveLength(6);
    for (const name of names)
      expect(page).toMatch(new RegExp(`^\\| .*\`${name}\`.* \\| no effect, with a warning`, "m"));
  });

  it("still needs a token beyond this machine, and an empty one is none", () => {
    expect(problems("api: { listen: 0.0.0.0:9847, token: '' }").join()).toContain("Set api.token");
  });
});

it("takes a variable that is empty as one that is not set", () => {
  const text = "api.token: 0123456789abcdef\ndocker.proxy.http: http://proxy:1";
  const { api, docker } = load(text, { DOCKERSNAP_API_TOKEN: "", DOCKERSNAP_DOCKER_PROXY_HTTP: "" }).config;
  expect([api.token, docker.proxy.http]).toEqual(["0123456789abcdef", undefined]);
});

describe("a warning", () => {
  it("is given for a token that everyone on the machine may read", () => {
    expect(load("api.token: 0123456789abcdef").warnings).toEqual([]);
    chmodSync(file, 0o644);
    expect(loadConfig({ file, environment: {} }).warnings).toEqual([
      `${file} holds api.token and everyone on this machine may read it. Run: chmod 600 ${file}`,
    ]);
  });

  it("is given for no token, where everyone may read that there is none", () => {
    load('api.token: ""');
    chmodSync(file, 0o644);
    expect(loadConfig({ file, environment: {} }).warnings).toEqual([]);
  });

  it("is given for a token that can be guessed", () => {
    expect(load("", { DOCKERSNAP_API_TOKEN: "short" }).warnings.join()).toContain("fewer than 16 characters");
  });
});
