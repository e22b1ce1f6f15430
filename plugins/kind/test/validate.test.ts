import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockersnapError } from "@dockersnap/plugin-sdk";
import { runCommand } from "@dockersnap/plugin-sdk/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plugin } from "../kind.ts";
import { FakeCluster } from "./fake-cluster.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kind-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Answer {
  readonly valid: boolean;
  readonly errors: string[];
  readonly warnings: string[];
}

async function validate(plugin_config: Record<string, unknown>, cluster = new FakeCluster()): Promise<Answer> {
  return (await runCommand(plugin, "validate", { plugin_config }, cluster.services)).stdout as Answer;
}

async function validateFile(content: string, config: Record<string, unknown> = {}): Promise<Answer> {
  const path = join(folder, "kind.yaml");
  writeFileSync(path, content);
  const answer = await validate({ ...config, kind_config: path });
  const tidy = (lines: string[]) => lines.map((line) => line.replaceAll(path, "FILE"));
  return { ...answer, errors: tidy(answer.errors), warnings: tidy(answer.warnings) };
}

const header = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";

const notInstalled = (program: string) => () => {
  const cause = Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });
  throw new DockersnapError("plugin_failed", `${program} cannot be run.`, { cause });
};

describe("options", () => {
  test("nothing at all is enough", async () => {
    expect(await validate({})).toMatchObject({ valid: true, errors: [], warnings: [] });
  });

  test.each(["v1.31.2", "1.31.2", "v1.32.0-rc.1", `v1.31.2@sha256:${"0".repeat(64)}`])(
    "%s is a version",
    async (kubernetes_version) => expect((await validate({ kubernetes_version })).errors).toEqual([]),
  );

  test.each(["1.31", "latest", "v1.31.2 --retain", "v1.31.2;id", "v1.31.2\nx", "--help", "v1.31.2@sha256:12"])(
    "%j is no version",
    async (kubernetes_version) =>
      expect((await validate({ kubernetes_version })).errors).toEqual([
        `'kubernetes_version' is a whole version such as v1.31.2, got ${JSON.stringify(kubernetes_version)}.`,
      ]),
  );

  test.each(["Demo", "-demo", "demo-", "a..b", "a b", "", "a".repeat(50)])(
    "%j names no cluster",
    async (cluster_name) => {
      const { errors } = await validate({ cluster_name });
      expect(errors).toEqual([expect.stringMatching(/^'cluster_name' is .*, got /)]);
    },
  );

  test.each(["90s", "5m", "1h2m3.5s", "1500ms", ".5h", "0", "0s"])("%j is a time to wait", async (wait_timeout) =>
    expect((await validate({ wait_timeout })).errors).toEqual([]),
  );

  test.each(["90", "", "s", "5 m", "-1s", "5m later", "1d", "25h"])("%j is no time to wait", async (wait_timeout) =>
    expect((await validate({ wait_timeout })).errors).toEqual([
      `'wait_timeout' is a duration such as 90s or 5m, up to 24h, got ${JSON.stringify(wait_timeout)}.`,
    ]),
  );

  test("all problems come at once, those of the programs too", async () => {
    const cluster = new FakeCluster();
    for (const program of ["kind", "kubectl"]) cluster.programs.answer(program, notInstalled(program));
    const config = { kubernetes_version: "new", node_image: "-v", retries: -1, wait_timeout: "25h" };
    expect((await validate(config, cluster)).errors).toEqual([
      "'kubernetes_version' is a whole version such as v1.31.2, got \"new\".",
      "'node_image' is the name of an image such as kindest/node:v1.31.2, got \"-v\".",
      "'kubernetes_version' and 'node_image' both say which image the nodes run; give one of them.",
      "'retries' is a number of attempts from 0 to 100, got -1.",
      "'wait_timeout' is a duration such as 90s or 5m, up to 24h, got \"25h\".",
      "The program 'kind' is not in the PATH of the daemon on its host; install it there.",
      "The program 'kubectl' is not in the PATH of the daemon on its host; install it there.",
    ]);
  });
});

describe("programs", () => {
  test("docker's command is needed too, for kind works through it", async () => {
    const cluster = new FakeCluster();
    cluster.programs.answer("docker", notInstalled("docker"));
    expect((await validate({}, cluster)).errors).toEqual([
      "The program 'docker' is not in the PATH of the daemon on its host; install it there.",
    ]);
  });

  test("one that fails is told of in its own words", async () => {
    const cluster = new FakeCluster();
    cluster.programs.answer("kubectl", () => ({ exitCode: 126, stderr: "exec format error" }));
    expect((await validate({}, cluster)).errors).toEqual([
      "The program 'kubectl' does not work on the daemon's host: kubectl failed with exit code 126: exec format error",
    ]);
  });

  test.each([
    ["kind v0.7.0 go1.13 linux/amd64", "kind v0.7.0 is too old"],
    ["usage: kind [file]", "'kind version' answers \"usage: kind [file]\", which is no version"],
  ])("a kind that says %j is refused", async (stdout, problem) => {
    const cluster = new FakeCluster();
    cluster.programs.answer("kind", () => ({ stdout }));
    expect((await validate({}, cluster)).errors).toEqual([expect.stringContaining(problem)]);
  });

  test.each(["kind v0.8.0 go1.14", "kind v1.0.0", "kind version 0.30.0-alpha+1234"])(
    "a kind that says %j is taken",
    async (stdout) => {
      const cluster = new FakeCluster();
      cluster.programs.answer("kind", () => ({ stdout }));
      expect((await validate({}, cluster)).errors).toEqual([]);
    },
  );
});

describe("a kind configuration", () => {
  test("of a usual kind is taken", async () => {
    const answer = await validateFile(`${header}nodes:\n- role: control-plane\n- role: worker\n`);
    expect(answer).toMatchObject({ valid: true, warnings: [] });
  });

  test.each([
    ["kind: [", "The kind configuration FILE cannot be read: "],
    ["", "FILE is no kind configuration"],
    ["- a\n- b\n", "FILE is no kind configuration"],
    ["kind: Pod\napiVersion: v1\n", "FILE is no kind configuration"],
    [`${header}nodes: many\n`, "In FILE 'nodes' is no list."],
    [`${header}nodes:\n- role: worker\n`, "In FILE no node has the role 'control-plane'."],
    [
      `${header}nodes:\n- extraMounts:\n  - hostPath: data\n    containerPath: /data\n`,
      "In FILE the hostPath 'data' of an extraMount is relative",
    ],
    [`a: &a [x]\nb: &b [${"*a,".repeat(200)}*a]\nc: [${"*b,".repeat(200)}*b]\n`, "cannot be read: Excessive alias"],
  ])("that reads %j is refused", async (content, problem) => {
    expect((await validateFile(content)).errors).toEqual([expect.stringContaining(problem)]);
  });

  test("warns of what does not go together with snapshots and clones, and of a name that does not count", async () => {
    const content = `${header}name: other
networking:
  apiServerAddress: 127.0.0.1
nodes:
- role: control-plane
  extraMounts:
  - hostPath: /srv/data
    containerPath: /data
- role: control-plane
`;
    const { valid, warnings } = await validateFile(content, { cluster_name: "mine" });
    expect(valid).toBe(true);
    expect(warnings).toEqual([
      "FILE names the cluster 'other'; it will be 'mine', as 'cluster_name' says.",
      "'apiServerAddress: 127.0.0.1' lets the API server be reached on the daemon's host alone; without it, it answers wherever published ports do.",
      "What nodes mount from the daemon's host is in no snapshot and is shared with clones: /srv/data.",
      expect.stringContaining("With several control planes the cluster may not come back"),
    ]);
  });
});
