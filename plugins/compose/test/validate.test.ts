import { FakePrograms, runCommand } from "@dockersnap/plugin-sdk/testing";
import { expect, test } from "vitest";
import { plugin } from "../compose.ts";
import { newer, older } from "./files.ts";

/** A path has to name a file; what is in it is the answer of the fake Compose. */
const file = import.meta.filename;

interface Answer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

function composeOne(config: Answer): FakePrograms {
  const programs = new FakePrograms();
  programs.answer("docker", () => ({ exitCode: 1, stderr: "docker: 'compose' is not a docker command." }));
  programs.answer("docker-compose", ({ args }) => {
    if (args[0] === "version") return { stdout: "1.29.2\n" };
    return args.at(-1) === "--profiles" ? { stdout: "debug\n" } : config;
  });
  return programs;
}

function composeTwo(config: Answer): FakePrograms {
  const programs = new FakePrograms();
  programs.answer("docker", ({ args }) => (args[1] === "version" ? { stdout: "2.26.1\n" } : config));
  return programs;
}

const validate = (programs: FakePrograms, config: Record<string, unknown> = {}) =>
  runCommand(plugin, "validate", { plugin_config: { file, ...config } }, { programs });

test.each([
  ["1", composeOne({ stdout: older, stderr: "The FOO variable is not set.\n" })],
  ["2", composeTwo({ stdout: newer, stderr: 'time="now" level=warning msg="The FOO variable is not set."\n' })],
])("a project that Compose %s reads is accepted, with what Compose and the plugin warn of", async (_, programs) => {
  expect(await validate(programs)).toMatchObject({
    exitCode: 0,
    stdout: {
      valid: true,
      warnings: [
        "The FOO variable is not set.",
        expect.stringContaining("/srv/html of the daemon's host"),
        expect.stringContaining("name no restart policy"),
      ],
    },
  });
});

test("Compose is given the file, the name, the profiles and the variables' file, on the instance's engine", async () => {
  const programs = composeOne({ stdout: older });
  await validate(programs, { project_name: "shop", profiles: ["debug"], env_file: file });
  expect(programs.calls.at(-2)).toMatchObject({
    program: "docker-compose",
    args: ["--ansi=never", `--file=${file}`, "--project-name=shop", "--profile=debug", `--env-file=${file}`, "config"],
    env: { DOCKER_HOST: "unix:///run/dockersnap/demo.sock", PWD: import.meta.dirname },
  });
});

test("a file that Compose refuses is refused in its words, beside what else is wrong", async () => {
  const programs = composeTwo({ exitCode: 15, stderr: "services.web Additional property imge is not allowed\n" });
  expect(await validate(programs, { wait_timeout: 0 })).toMatchObject({
    exitCode: 1,
    stdout: {
      valid: false,
      errors: [
        "'wait_timeout' is a number of seconds from 1 to 86400, got 0.",
        `docker compose refuses ${file}: services.web Additional property imge is not allowed.`,
      ],
    },
  });
});

test("a project name and paths that no Compose takes are refused without asking it", async () => {
  const programs = composeOne({ stdout: older });
  const { stdout } = await validate(programs, { project_name: "Shop!", file: "./package.json" });
  expect(stdout).toMatchObject({
    valid: false,
    errors: [
      "'file' is a path on the daemon's host and begins with '/', got './package.json'.",
      "'project_name' has lower-case letters, digits, '-' and '_', and begins with a letter or a digit; got 'Shop!'.",
    ],
  });
  expect(programs.calls).toEqual([]);
});

test("a profile nobody knows is refused", async () => {
  const { stdout } = await validate(composeOne({ stdout: older }), { profiles: ["debgu"] });
  expect(stdout).toMatchObject({ errors: ["The compose file has no profile 'debgu'. It has: debug."] });
});

test("no value of the project is in what is logged or answered", async () => {
  const { stdout, logs } = await validate(composeTwo({ stdout: newer }));
  expect(JSON.stringify({ stdout, logs })).not.toContain("hunter2");
});
