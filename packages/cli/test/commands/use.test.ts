// biome-ignore-all lint/suspicious/noTemplateCurlyInString: tokens of the plugin contract
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { instance, json, type ScriptedDaemon, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";
import { homeWithSocket } from "./home.ts";

let made: Awaited<ReturnType<typeof homeWithSocket>>;
let home: string;
let socket: string;
let daemon: ScriptedDaemon;

beforeEach(async () => {
  made = await homeWithSocket();
  ({ home, socket } = made);
  daemon = await scriptedDaemon({});
});

afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await made[Symbol.asyncDispose]();
});

interface Answer {
  env?: Record<string, string>;
  files?: { name: string; content: string; mode?: string }[];
  endpoints?: { name: string; url?: string }[];
  warnings?: string[];
}

function offer({ env = {}, files = [], endpoints = [], ...rest }: Answer): void {
  daemon.script["GET /instances/demo"] = json(200, instance("demo"));
  daemon.script["GET /instances/demo/access"] = json(200, { contract_version: "1", env, files, endpoints, ...rest });
}

const use = (argv: string[] = [], env: Record<string, string> = {}) =>
  runCli(["use", "demo", ...argv], { daemon, home, env });
/** What the code does in a shell where every variable can be set. */
const statements = (stdout: string) => /\bthen\n(.*\n)else\n(unset .*\n)*false;\nfi;\n$/s.exec(stdout)?.[1];
const folder = () => join(home, ".dockersnap", "demo");
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

it("prints only shell code on stdout, and tells people on stderr", async () => {
  offer({
    env: { DOCKER_HOST: `unix://${socket}`, DOCKERSNAP_INSTANCE: "demo", ECHO_URL: "http://127.0.0.1:30001" },
    endpoints: [{ name: "echo", url: "http://127.0.0.1:30001" }],
    warnings: ["no port 'x'"],
  });
  const { code, stdout, stderr } = await use();
  expect(code).toBe(0);
  expect(statements(stdout)).toBe(
    `export DOCKER_HOST='unix://${socket}';\nexport DOCKERSNAP_INSTANCE='demo';\nexport ECHO_URL='http://127.0.0.1:30001';\n` +
      "export DOCKERSNAP_EXPORTED='DOCKER_HOST:DOCKERSNAP_INSTANCE:ECHO_URL';\n",
  );
  expect(stderr).toContain("warning: no port 'x'\n");
  expect(stderr).toContain("Using demo: DOCKER_HOST, DOCKERSNAP_INSTANCE, ECHO_URL.\n");
  expect(stderr).toContain("echo: http://127.0.0.1:30001\n");
});

it("speaks fish to fish", async () => {
  offer({ env: { A: "it's" } });
  expect((await use(["--shell", "fish"])).stdout).toBe("set -gx A 'it\\'s';\nset -gx DOCKERSNAP_EXPORTED 'A';\n");
  expect((await use([], { SHELL: "/usr/bin/fish" })).stdout).toContain("set -gx A ");
  expect((await use(["--shell", "bash"], { SHELL: "/usr/bin/fish" })).stdout).toContain("export A;");
});

it("writes files with their modes into a folder of one's own, and puts its place in", async () => {
  offer({
    env: { KUBECONFIG: "${ACCESS_DIR}/kubeconfig", DIR: "${ACCESS_DIR}", BOTH: "${ACCESS_DIR}a:${ACCESS_DIR}/b" },
    files: [
      { name: "kubeconfig", content: "cert: ${ACCESS_DIR}/tls/ca.pem $& ${HOST}\n" },
      { name: "tls/ca.pem", content: "pem", mode: "0644" },
      { name: "run.sh", content: "#!/bin/sh\n", mode: "755" },
    ],
  });
  const { stdout } = await use();
  expect(stdout).toContain(`export KUBECONFIG='${folder()}/kubeconfig';`);
  expect(stdout).toContain(`export DIR='${folder()}';`);
  expect(stdout).toContain(`export BOTH='${folder()}/a:${folder()}/b';`);
  expect(await readFile(join(folder(), "kubeconfig"), "utf8")).toBe(`cert: ${folder()}/tls/ca.pem $& \${HOST}\n`);
  expect(await modeOf(join(folder(), "kubeconfig"))).toBe("600");
  expect(await modeOf(join(folder(), "tls/ca.pem"))).toBe("644");
  expect(await modeOf(join(folder(), "run.sh"))).toBe("755");
  expect(await modeOf(folder())).toBe("700");
  expect(await modeOf(join(folder(), "tls"))).toBe("700");
  expect(await modeOf(join(home, ".dockersnap"))).toBe("700");
});

it("tightens a folder that others could read", async () => {
  await mkdir(folder(), { recursive: true });
  await chmod(folder(), 0o755);
  offer({});
  await use();
  expect(await modeOf(folder())).toBe("700");
});

it("removes what an earlier one wrote and is gone, and nothing else", async () => {
  offer({ files: ["old", "kept", "deep/er/old"].map((name) => ({ name, content: "1" })) });
  await use();
  await writeFile(join(folder(), "mine"), "");
  offer({ files: [{ name: "kept", content: "2" }] });
  await use();
  expect((await readdir(folder())).sort()).toEqual([".manifest.json", "kept", "mine"]);
  expect(await readFile(join(folder(), "kept"), "utf8")).toBe("2");
});

it("leaves no temporary file behind", async () => {
  offer({ files: [{ name: "a", content: "1" }] });
  await use();
  await use();
  expect((await readdir(folder())).sort()).toEqual([".manifest.json", "a"]);
});

it.each([
  "/etc/passwd",
  "../escape",
  "a/../../escape",
  "a//b",
  "./a",
  "",
  "a\nb",
  "a\u0000b",
  "a\\b",
  ".manifest.json",
])("writes nothing at all when a file is named %j", async (name) => {
  offer({
    env: { A: "1" },
    files: [
      { name: "good", content: "" },
      { name, content: "" },
    ],
  });
  const { code, stdout, stderr } = await use();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "false;\n" });
  expect(stderr).toContain("nothing was written");
  await expect(readdir(folder())).rejects.toMatchObject({ code: "ENOENT" });
});

it.each(["4755", "abc", "99", "0o600", ""])("writes nothing for the mode %j", async (mode) => {
  offer({ files: [{ name: "a", content: "", mode }] });
  expect((await use()).code).toBe(1);
});

it("follows no symbolic link out of the folder", async () => {
  const outside = join(home, "outside");
  await mkdir(outside);
  await mkdir(folder(), { recursive: true });
  await symlink(outside, join(folder(), "deep"));
  offer({ files: [{ name: "deep/file", content: "x" }] });
  const { code, stdout, stderr } = await use();
  expect({ code, stdout }).toEqual({ code: 4, stdout: "false;\n" });
  expect(stderr).toContain("is in the way");
  expect(await readdir(outside)).toEqual([]);
});

it("replaces a link in a file's place instead of writing through it", async () => {
  const outside = join(home, "outside");
  await writeFile(outside, "untouched");
  await mkdir(folder(), { recursive: true });
  await symlink(outside, join(folder(), "file"));
  offer({ files: [{ name: "file", content: "new" }] });
  expect((await use()).code).toBe(0);
  expect(await readFile(outside, "utf8")).toBe("untouched");
  expect(await readFile(join(folder(), "file"), "utf8")).toBe("new");
});

it.each([".dockersnap", ".dockersnap/demo"])("does not write when %s itself is a link", async (path) => {
  const outside = join(home, "outside");
  await mkdir(outside);
  if (path !== ".dockersnap") await mkdir(join(home, ".dockersnap"));
  await symlink(outside, join(home, path));
  offer({ files: [{ name: "file", content: "x" }] });
  expect((await use()).code).toBe(4);
  expect(await readdir(outside)).toEqual([]);
});

it("removes nothing outside the folder, whatever its record says", async () => {
  const outside = join(home, "precious");
  await writeFile(outside, "");
  await mkdir(folder(), { recursive: true });
  await symlink(home, join(folder(), "link"));
  await writeFile(
    join(folder(), ".manifest.json"),
    JSON.stringify({ files: ["../../precious", "link/precious", "/etc/hostname", 7], env: ["A;rm"] }),
  );
  offer({});
  expect((await use()).code).toBe(0);
  expect(await readFile(outside, "utf8")).toBe("");
});

it("goes on over a record it cannot read", async () => {
  await mkdir(folder(), { recursive: true });
  await writeFile(join(folder(), ".manifest.json"), "{broken");
  offer({ files: [{ name: "a", content: "1" }] });
  expect((await use()).code).toBe(0);
});

it.each(["A B", "A=B", "1A", "", "A;touch x", "é", "PATH", "LD_PRELOAD", "PROMPT_COMMAND", "BASH_FUNC_x", "IFS"])(
  "does not set the variable %j, and says so",
  async (name) => {
    offer({ env: { [name]: "x", GOOD: "1" } });
    const { code, stdout, stderr } = await use();
    expect(code).toBe(0);
    expect(statements(stdout)).toBe("export GOOD='1';\nexport DOCKERSNAP_EXPORTED='GOOD';\n");
    expect(stderr).toContain("is not set:");
  },
);

it("takes back what the instance used before had set", async () => {
  offer({ env: { DOCKER_HOST: `unix://${socket}`, NEW: "1" } });
  const { stdout } = await use([], { DOCKERSNAP_EXPORTED: "DOCKER_HOST:OLD:A B:PATH" });
  expect(statements(stdout)).toMatch(/^unset OLD;\nexport DOCKER_HOST=/);
  expect(statements(stdout)).not.toContain("unset DOCKER_HOST");
  expect(stdout).not.toContain("PATH");
});

it("takes back all that was set, without a daemon", async () => {
  const { code, stdout } = await runCli(["use", "--unset"], {
    env: { DOCKERSNAP_EXPORTED: "DOCKER_HOST:ECHO_URL", DOCKERSNAP_INSTANCE: "demo" },
  });
  expect(code).toBe(0);
  expect(stdout).toBe("unset DOCKER_HOST;\nunset ECHO_URL;\nunset DOCKERSNAP_EXPORTED;\n");
  const fish = await runCli(["use", "--unset", "--shell", "fish"], { env: { DOCKERSNAP_EXPORTED: "A" } });
  expect(fish.stdout).toBe("set -e A;\nset -e DOCKERSNAP_EXPORTED;\n");
});

it("knows from the instance's folder what was set when the shell does not say", async () => {
  offer({ env: { A: "1", B: "2" } });
  await use();
  expect((await use(["--unset"])).stdout).toBe("unset A;\nunset B;\nunset DOCKERSNAP_EXPORTED;\n");
});

it("prints nothing to take back where nothing was set", async () => {
  expect(await runCli(["use", "--unset"], { home })).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "Nothing of an instance is set in this shell.\n",
  });
});

it("exports no socket of another host, and says so", async () => {
  const leads = { DOCKER_HOST: "unix:///run/dockersnap/demo.sock", TESTCONTAINERS_HOST_OVERRIDE: "10.10.0.2" };
  offer({ env: { ...leads, ECHO_URL: "http://vm:1" } });
  // Resolves to loopback, but is the name of a machine to the command line.
  const remote = daemon.url.replace("127.0.0.1", "0.0.0.0");
  const { code, stdout, stderr } = await runCli(["use", "demo", "-r", remote], { home });
  expect(code).toBe(0);
  expect(statements(stdout)).toBe("export ECHO_URL='http://vm:1';\nexport DOCKERSNAP_EXPORTED='ECHO_URL';\n");
  expect(stderr).toContain("DOCKER_HOST is not set: the engine listens on a socket of the daemon's host");
});

it("exports an engine's address that can be reached from afar", async () => {
  offer({ env: { DOCKER_HOST: "tcp://vm:2376" } });
  const remote = daemon.url.replace("127.0.0.1", "0.0.0.0");
  const { stdout } = await runCli(["use", "demo", "-r", remote], { home });
  expect(stdout).toContain("export DOCKER_HOST='tcp://vm:2376';");
});

it("warns of a socket that cannot be seen from here", async () => {
  offer({ env: { DOCKER_HOST: "unix:///nonexistent/demo.sock" } });
  expect((await use()).stderr).toContain("the daemon may be behind a tunnel");
});
