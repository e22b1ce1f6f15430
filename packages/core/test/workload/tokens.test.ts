// biome-ignore-all lint/suspicious/noTemplateCurlyInString: tokens of the contract are written so
import type { AccessResponse, PortMapping } from "@dockersnap/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccessFacts, resolveAccess } from "../../src/workload/tokens.ts";

const port = (description: string, host_port: number): PortMapping => ({
  description,
  host_port,
  container_port: 80,
  in_container_port: 80,
  protocol: "tcp",
});
const facts: AccessFacts = {
  instance: "demo",
  plugin: "kind",
  socket: "/run/dockersnap/demo.sock",
  address: "10.10.0.2",
  host: "vm.example.com",
  ports: [port("kubernetes-api", 34567), port("container:0123456789ab/80/tcp", 8080)],
};
const v6 = { ...facts, host: "2001:db8::1" };
const own = {
  DOCKER_HOST: "unix:///run/dockersnap/demo.sock",
  DOCKERSNAP_INSTANCE: "demo",
  TESTCONTAINERS_HOST_OVERRIDE: "10.10.0.2",
};

/** What one environment value becomes. */
const put = (value: string, at: AccessFacts = facts) => resolveAccess({ env: { V: value } }, at).env.V;

describe("tokens", () => {
  it("are put in wherever they may stand, and nowhere else", () => {
    const response: AccessResponse = {
      contract_version: "1",
      env: { KUBECONFIG: "${ACCESS_DIR}/kubeconfig", API: "${HOST}:${PORT:kubernetes-api}" },
      files: [{ name: "conf/kubeconfig", content: "server: https://${HOST}:${PORT:kubernetes-api}", mode: "0640" }],
      endpoints: [{ name: "${HOST}", description: "${HOST}", url: "http://${HOST}:${PORT:kubernetes-api}/x" }],
    };
    const before = structuredClone(response);
    expect(resolveAccess(response, facts)).toEqual({
      contract_version: "1",
      env: { KUBECONFIG: "${ACCESS_DIR}/kubeconfig", API: "vm.example.com:34567", ...own },
      files: [{ name: "conf/kubeconfig", content: "server: https://vm.example.com:34567", mode: "0640" }],
      endpoints: [{ name: "${HOST}", description: "${HOST}", url: "http://vm.example.com:34567/x" }],
    });
    expect(response).toEqual(before);
  });

  it("find a label with colons and slashes", () => {
    expect(put("${PORT:container:0123456789ab/80/tcp}")).toBe("8080");
  });

  it("warn where a port is put in that is published on the loopback, unless the host's name is the loopback's", () => {
    const response: AccessResponse = {
      env: { A: "${HOST}:${PORT:web}" },
      endpoints: [{ name: "web", scheme: "http", host_port_label: "web" }],
    };
    const at = { ...facts, ports: [{ ...port("web", 8080), loopback: true as const }] };
    const sentence =
      "The port 'web' is published on the loopback, so it answers on the daemon's host alone, at 127.0.0.1:8080, and not at vm.example.com. Publish it without an address to reach it from elsewhere.";
    expect(resolveAccess(response, at)).toMatchObject({
      env: { A: "vm.example.com:8080" },
      endpoints: [{ url: "http://vm.example.com:8080" }],
      warnings: [sentence],
    });
    for (const host of ["127.0.0.1", "localhost"]) {
      expect(resolveAccess(response, { ...at, host })).not.toHaveProperty("warnings");
    }
    const six = { ...at, ports: [{ ...port("web", 8080), loopback: true as const, ipv6_loopback: "only" as const }] };
    for (const host of ["::1", "localhost"]) {
      expect(resolveAccess(response, { ...six, host })).not.toHaveProperty("warnings");
    }
    expect(resolveAccess(response, { ...six, host: "127.0.0.1" }).warnings).toEqual([
      expect.stringContaining("at [::1]:8080, and not at 127.0.0.1."),
    ]);
  });

  it("leave an unknown port as it stands, with one warning that names what there is", () => {
    const access = resolveAccess({ env: { A: "${PORT:web}", B: "${PORT:web}" } }, facts);
    expect(access.env).toMatchObject({ A: "${PORT:web}", B: "${PORT:web}" });
    expect(access.warnings).toEqual([
      "No forwarded port is labelled 'web'; there are 'kubernetes-api', 'container:0123456789ab/80/tcp'.",
    ]);
  });

  it.each(["$HOST", "${host}", "${HOST", "$${HOSTS}", "${PORT}", "${PATH}"])("leave %s alone", (text) => {
    expect(put(text)).toBe(text);
  });

  it("are never looked for in what was put in", () => {
    const sly = { ...facts, host: "${PORT:kubernetes-api}", ports: [...facts.ports, port("${HOST}", 1)] };
    expect(put("${HOST}", sly)).toBe("${PORT:kubernetes-api}");
  });

  it("leave every other text as it is", () => {
    const plain = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("${") && !text.includes("\0"));
    fc.assert(
      fc.property(plain, plain, (before, after) => {
        expect(put(`${before}\${HOST}${after}`)).toBe(`${before}vm.example.com${after}`);
        expect(put(before + after)).toBe(before + after);
      }),
    );
  });

  it("are found in time that grows with the length of the text", () => {
    const time = (times: number) => {
      const text = "http://${HOST}:1 ${HOST}".repeat(times);
      const started = performance.now();
      put(text, v6);
      return performance.now() - started;
    };
    // Whatever else the machine does makes single runs longer, and none shorter.
    const least = (times: number) => Math.min(...Array.from({ length: 7 }, () => time(times)));
    // Eight times as much text; work that grows with its square would take sixty-four times as long.
    expect(least(80_000) / least(10_000)).toBeLessThan(30);
  });
});

describe("an IPv6 host", () => {
  it.each([
    ["http://${HOST}/", "http://[2001:db8::1]/"],
    ["http://${HOST}:80", "http://[2001:db8::1]:80"],
    ["https://me@${HOST}", "https://me@[2001:db8::1]"],
    ["${HOST}:${PORT:kubernetes-api}", "[2001:db8::1]:34567"],
    ["${HOST}:22", "[2001:db8::1]:22"],
    ["http://[${HOST}]:80", "http://[2001:db8::1]:80"],
    ["${HOST}", "2001:db8::1"],
    ["me@${HOST}", "me@2001:db8::1"],
    ["host: ${HOST}\nport: 1", "host: 2001:db8::1\nport: 1"],
    ["http://x/${HOST}", "http://x/2001:db8::1"],
  ])("in %j is %j: in brackets where a URL or a host:port needs them", (text, expected) => {
    expect(put(text, v6)).toBe(expected);
  });

  it("is in brackets in the URL made for an endpoint", () => {
    const { endpoints } = resolveAccess({ endpoints: [{ name: "api", host_port_label: "kubernetes-api" }] }, v6);
    expect(endpoints[0]?.url).toBe("https://[2001:db8::1]:34567");
  });
});

describe("an endpoint", () => {
  it.each([
    [{ scheme: "http", host_port_label: "kubernetes-api" }, "http://vm.example.com:34567"],
    [{ host_port_label: "kubernetes-api" }, "https://vm.example.com:34567"],
    [{ scheme: "", url: "", host_port_label: "kubernetes-api" }, "https://vm.example.com:34567"],
    [{ url: "tcp://${HOST}", host_port_label: "kubernetes-api" }, "tcp://vm.example.com"],
    [{ scheme: "http", host_port_label: "" }, undefined],
  ])("%j has the URL %s", (endpoint, url) => {
    const access = resolveAccess({ endpoints: [{ name: "e", ...endpoint }] }, facts);
    expect(access.endpoints[0]?.url).toBe(url);
    expect(access.warnings).toBeUndefined();
  });

  it("whose port is not forwarded has none, and a warning", () => {
    const access = resolveAccess({ endpoints: [{ name: "e", host_port_label: "web" }] }, { ...facts, ports: [] });
    expect(access).toMatchObject({
      endpoints: [{ name: "e", host_port_label: "web" }],
      warnings: ["No forwarded port is labelled 'web'; no port is forwarded yet."],
    });
  });
});

it("owns what leads to the engine and to its ports", () => {
  const env = {
    DOCKER_HOST: "tcp://evil",
    DOCKERSNAP_INSTANCE: "other",
    TESTCONTAINERS_HOST_OVERRIDE: "192.0.2.1",
    KEEP: "1",
  };
  expect(resolveAccess({ env }, facts).env).toEqual({ ...own, KEEP: "1" });
});

it("is complete where the plugin said nothing, or null", () => {
  const nothing = { contract_version: "1", env: own, files: [], endpoints: [] };
  expect(resolveAccess({}, facts)).toEqual(nothing);
  expect(resolveAccess({ env: null, files: null, endpoints: null }, facts)).toEqual(nothing);
});

it.each([undefined, ""])("gives a file of mode %j the mode 0600", (mode) => {
  const file = mode === undefined ? {} : { mode };
  expect(resolveAccess({ files: [{ name: "f", content: "", ...file }] }, facts).files[0]?.mode).toBe("0600");
});

describe("an answer that could do harm", () => {
  const names = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/",
    "./a",
    ".",
    "..",
    "a\0b",
    "a\nb",
    "a\\b",
    "\u0085",
  ];
  it.each(names)("is refused for a file named %j", (name) => {
    expect(() => resolveAccess({ files: [{ name, content: "" }] }, facts)).toThrowError(
      expect.objectContaining({ code: "plugin_failed" }),
    );
  });

  it.each(["kubeconfig", ".kube/config", "a/b/c.txt", "..a", "a..", "ä ö"])("is none for a file named %j", (name) => {
    expect(resolveAccess({ files: [{ name, content: "" }] }, facts).files[0]?.name).toBe(name);
  });

  it.each(["", "1A", "A B", "A=B", "A;rm", "A\n", "Ä", "$(x)"])("is refused for a variable named %j", (name) => {
    expect(() => resolveAccess({ env: { [name]: "1" } }, facts)).toThrowError(/is no name a shell takes/);
  });

  it.each(["FUNCNEST", "PATH", "LD_PRELOAD", "NODE_OPTIONS", "BASH_ENV", "DOCKERSNAP_REMOTE"])(
    "is refused for the variable %s, which is not a plugin's to set",
    (name) => {
      expect(() => resolveAccess({ env: { [name]: "1", KUBECONFIG: "x" } }, facts)).toThrowError(
        expect.objectContaining({ code: "plugin_failed", message: expect.stringContaining(`"${name}", which `) }),
      );
    },
  );

  it.each(["4755", "0999", "rw", "0o600", "60"])("is refused for the mode %j", (mode) => {
    expect(() => resolveAccess({ files: [{ name: "f", content: "", mode }] }, facts)).toThrowError(/octal digits/);
  });

  it("is refused whole, naming the plugin and every fault", () => {
    const response = { env: { "A B": "1", C: "\0" }, files: [{ name: "/x", content: "", mode: "9" }] };
    expect(() => resolveAccess(response, facts)).toThrowError(
      expect.objectContaining({
        message: expect.stringMatching(/^Plugin 'kind' gave an access answer .*"A B".*C holds a NUL.*"\/x".*"9"/s),
        details: { plugin: "kind", command: "access", faults: expect.any(Array) },
      }),
    );
  });
});
