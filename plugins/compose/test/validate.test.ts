import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakePrograms, runCommand } from "@dockersnap/plugin-sdk/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plugin } from "../compose.ts";

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "compose-validate-"));
  file = join(folder, "compose.yaml");
  await writeFile(file, "services:\n  web: { image: web }\n  shell: { image: web, profiles: [debug] }\n");
});
afterAll(() => rm(folder, { recursive: true }));

/** A Compose that reads the project as this YAML, or refuses it. */
function compose(answer: {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}): FakePrograms {
  const programs = new FakePrograms();
  programs.answer("docker", ({ args }) => (args.at(-1) === "config" ? answer : {}));
  return programs;
}

const validate = (programs: FakePrograms, config: Record<string, unknown> = {}) =>
  runCommand(plugin, "validate", { plugin_config: { file, ...config } }, { programs });

test("a project that Compose can read is accepted", async () => {
  const programs = compose({ stdout: "services: { web: { image: web } }" });
  const { exitCode, stdout } = await validate(programs, { project_name: "shop", env_file: file });
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: { valid: true } });
  expect(programs.calls.at(-1)).toMatchObject({
    program: "docker",
    args: [...["compose", "--ansi", "never", "--project-name", "shop", "--file", file, "--env-file", file], "config"],
    env: { DOCKER_HOST: "unix:///run/dockersnap/demo.sock", COMPOSE_PROFILES: "", COMPOSE_FILE: "" },
  });
});

test("the older docker-compose is taken where the docker command line has no compose", async () => {
  const programs = compose({});
  programs.answer("docker", () => ({ exitCode: 1, stderr: "docker: 'compose' is not a docker command." }));
  programs.answer("docker-compose", ({ args }) =>
    args.at(-1) === "config" ? { stdout: "services: { web: {} }" } : {},
  );
  expect(await validate(programs)).toMatchObject({ exitCode: 0 });
  expect(programs.calls.at(-1)).toMatchObject({ program: "docker-compose", args: expect.arrayContaining(["config"]) });
});

test("a host without Compose is refused with what to install", async () => {
  const programs = new FakePrograms();
  for (const name of ["docker", "docker-compose"]) programs.answer(name, () => ({ exitCode: 127 }));
  const { exitCode, stdout } = await validate(programs);
  expect(exitCode).toBe(1);
  expect(stdout).toMatchObject({
    valid: false,
    errors: [expect.stringContaining("Neither 'docker compose' nor 'docker-compose' works")],
  });
});

test("a project that Compose refuses is refused in its words, beside every other problem", async () => {
  const programs = compose({ exitCode: 15, stderr: "services.web.port Additional property port is not allowed\n" });
  const { stdout } = await validate(programs, { project_name: "Shop!", wait_timeout: 0 });
  expect(stdout).toMatchObject({
    valid: false,
    errors: [
      `'project_name' begins with a lower-case letter or a digit, with '_' and '-' after it, got "Shop!".`,
      "'wait_timeout' is a number of seconds from 1 to 86400, got 0.",
      "services.web.port Additional property port is not allowed",
    ],
  });
});

test("a profile that no service is in is refused with those there are", async () => {
  const { stdout } = await validate(compose({ stdout: "services: { web: {} }" }), { profiles: ["debgu"] });
  expect(stdout).toMatchObject({
    errors: ['No service of the project is in the profile "debgu"; it has debug.'],
  });
});

test("a project without a service to start is refused", async () => {
  expect((await validate(compose({ stdout: "services: {}" }))).stdout).toMatchObject({
    errors: [expect.stringContaining("no service to start")],
  });
});

test.each([
  ["short", "['/srv/data:/data', 'named:/named', '/anonymous', '/var/run/docker.sock:/var/run/docker.sock']"],
  [
    "long",
    "[{ type: bind, source: /srv/data, target: /data }, { type: volume, source: named, target: /named }, { type: bind, source: /var/run/docker.sock, target: /var/run/docker.sock }]",
  ],
])("what no snapshot will hold is warned of, mounts in the %s form", async (_form, volumes) => {
  const { stdout } = await validate(
    compose({ stdout: `services: { web: { volumes: ${volumes}, network_mode: host } }` }),
  );
  expect(stdout).toMatchObject({
    valid: true,
    warnings: [
      "Service 'web' mounts /srv/data of the daemon's host at /data: that is in no snapshot, and every clone shares it. A named volume is.",
      "Service 'web' is given /var/run/docker.sock: that is the Docker of the daemon's host, not the instance's own.",
      "Service 'web' uses the network mode 'host', so nothing it listens on is forwarded. Publish its ports instead.",
    ],
  });
});
