import { describe, expect, test } from "vitest";
import { labelOverride } from "../project/labels.ts";
import { enabledServices, parseProject } from "../project/project.ts";
import { refusals, unknownProfiles } from "../project/refusals.ts";
import { roleOf } from "../project/role.ts";
import { schemeOf } from "../project/scheme.ts";
import { warningsAbout } from "../project/warnings.ts";
import { newer, older } from "./files.ts";

describe.each([
  ["1", older],
  ["2", newer],
])("a project as Compose %s tells of it", (_version, yaml) => {
  const read = async () => {
    const project = await parseProject(yaml);
    return { project, enabled: enabledServices(project, []) };
  };

  test("has its services, without those of other profiles", async () => {
    const { enabled } = await read();
    expect(enabled.map(({ name }) => name)).toEqual(["db", "migrate", "web"]);
  });

  test("has services whose part is known by their ports and by who waits for them", async () => {
    const { enabled } = await read();
    expect(enabled.map(roleOf)).toEqual(["server", "job", "server"]);
  });

  test("gets a readable name and a scheme on each port, but for what the user named", async () => {
    const { project, enabled } = await read();
    const { services } = JSON.parse(labelOverride(project, enabled));
    expect(services.web.labels).toEqual({
      "dockersnap.port.80": "web-80",
      "dockersnap.port.443": "web-443",
      "dockersnap.scheme.80": "http",
      "dockersnap.scheme.443": "https",
      "dockersnap.compose.role": "server",
      "dockersnap.compose.services": "db,migrate,web",
    });
    expect(services.db.labels).toEqual({
      "dockersnap.scheme.5432": "tcp",
      "dockersnap.compose.role": "server",
      "dockersnap.compose.services": "db,migrate,web",
    });
  });

  test("warns of host folders and of services nothing would start again", async () => {
    const { project, enabled } = await read();
    expect(warningsAbout(project, enabled, true)).toEqual([
      expect.stringContaining("Service 'web' uses /srv/html of the daemon's host."),
      expect.stringMatching(/^Services 'db', 'web' name no restart policy\. What runs .* is given one/),
    ]);
    expect(warningsAbout(project, enabled, false)[1]).toContain("it stays down");
  });
});

const services = (body: string) => parseProject(`services: { web: ${body} }`);

test.each([
  ["'8080:80'", [80]],
  ["'127.0.0.1:8080:80/tcp'", [80]],
  ["'80'", [80]],
  ["{ target: 80, published: 8080 }", [80]],
  ["{ target: 0 }", []],
])("the port %s is read", async (port, numbers) => {
  const [service] = (await services(`{ ports: [${port}] }`)).services;
  expect(service?.ports.map((each) => each.port)).toEqual(numbers);
});

test("labels are read as a list too", async () => {
  const [service] = (await services("{ labels: [a=b=c, d] }")).services;
  expect(service?.labels).toEqual({ a: "b=c", d: "" });
});

test("a server that must not be restarted is warned of, a job is not", async () => {
  const project = await parseProject(
    `services: { web: { ports: ["80"], restart: "no" }, once: { restart: "no" }, on: { deploy: { restart_policy: { condition: any } } } }`,
  );
  expect(warningsAbout(project, project.services, true)).toEqual([
    expect.stringMatching(/^Service 'web' must not be restarted, says the file/),
  ]);
});

test("secrets from files, sockets of the host, volumes elsewhere and the host network are warned of", async () => {
  const project = await parseProject(`
services:
  web:
    restart: always
    network_mode: host
    secrets: [{ source: key }]
    volumes: [/var/run/docker.sock:/var/run/docker.sock]
secrets: { key: { file: /srv/key }, other: { file: /srv/other } }
volumes: { nfs: { driver_opts: { type: nfs, device: ":/export" } }, ram: { driver_opts: { type: tmpfs, device: tmpfs } }, plain: }
`);
  expect(warningsAbout(project, project.services, true)).toEqual([
    expect.stringContaining("Service 'web' uses /srv/key of the daemon's host."),
    expect.stringContaining("the Docker engine of the host and not that of the instance"),
    expect.stringContaining("Volume 'nfs' keeps its data outside the instance"),
    expect.stringContaining("network_mode: host"),
  ]);
});

test("what an empty engine cannot have is refused", async () => {
  const project = await parseProject(
    "{ services: { web: {} }, volumes: { data: { external: true } }, networks: { front: { external: { name: x } }, own: } }",
  );
  expect(refusals(project)).toEqual([
    expect.stringContaining("says the volume 'data' is external"),
    expect.stringContaining("says the network 'front' is external"),
  ]);
});

test("a project without services is refused", async () => {
  await expect(parseProject("services: {}")).rejects.toMatchObject({ code: "plugin_refused" });
});

test("a profile the file does not have is refused with those it has", () => {
  expect(unknownProfiles(["debug", "*", "tset"], ["test", "debug", "debug"])).toEqual([
    "The compose file has no profile 'tset'. It has: debug, test.",
  ]);
  expect(unknownProfiles(["tset"], [])).toEqual(["The compose file has no profile 'tset'. It has none."]);
});

test("services of enabled profiles are enabled, all of them by '*'", async () => {
  const project = await parseProject(older);
  expect(enabledServices(project, ["debug"])).toHaveLength(4);
  expect(enabledServices(project, ["*"])).toHaveLength(4);
  expect(enabledServices(project, ["other"])).toHaveLength(3);
});

test.each([
  [8080, "tcp", undefined, "http"],
  [8443, "tcp", undefined, "https"],
  [5432, "tcp", undefined, "tcp"],
  [5432, "tcp", "postgres", "postgres"],
  [5432, "tcp", "x://evil", "tcp"],
  [80, "udp", undefined, "udp"],
] as const)("port %d/%s that is said to speak %s has the scheme %s", (port, protocol, appProtocol, scheme) => {
  expect(schemeOf({ port, protocol, appProtocol })).toBe(scheme);
});
