import type { Diff } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const id = (letter: string) => letter.repeat(64);
const digest = (letter: string) => `sha256:${id(letter)}`;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000 - 60_000).toISOString();

const nothing: Diff = {
  from: { instance: "web", label: "golden", at: hoursAgo(2) },
  to: { instance: "web", at: hoursAgo(0) },
  containers: [],
  images: [],
  volumes: [],
  networks: [],
  truncated: false,
  looked_at: { entries: 10, read_bytes: 0, ms: 12 },
  problems: [],
};

const everything: Diff = {
  ...nothing,
  containers: [
    {
      name: "app",
      change: "changed",
      id: id("1"),
      image: "app:2",
      image_digest: digest("b"),
      recreated: true,
      settings: [
        { setting: "image_digest", from: digest("a"), to: digest("b") },
        { setting: "env", name: "MODE", from: "", to: "fast\u001b[31m" },
        { setting: "port", name: "80/tcp", to: "8080" },
        { setting: "network", from: "back" },
      ],
      files: {
        from: { files: 3, bytes: 30 },
        to: { files: 4, bytes: 2048 },
        added: 2,
        removed: 1,
        changed: 1,
        changes: [
          { path: "/etc/hosts", change: "changed", kind: "file", bytes: 2000, bytes_before: 10 },
          { path: "/new\nline", change: "added", kind: "directory" },
          { path: "/bin/cat", change: "removed", kind: "file", bytes: 512 },
        ],
        incomplete: false,
      },
    },
    {
      name: "worker",
      change: "added",
      id: id("2"),
      image: "app:2",
      image_digest: digest("b"),
      settings: [],
      files: { to: { files: 2, bytes: 5 }, added: 0, removed: 0, changed: 0, changes: [], incomplete: false },
    },
  ],
  images: [
    { digest: digest("b"), change: "added", tags: ["app:2"], tags_added: [], tags_removed: [], bytes: 1_048_576 },
    { digest: digest("a"), change: "changed", tags: [], tags_added: [], tags_removed: ["app:1"], bytes: 1 },
  ],
  volumes: [
    {
      name: "data",
      change: "changed",
      driver: "local",
      settings: [],
      files: {
        from: { files: 1, bytes: 1 },
        to: { files: 2, bytes: 3 },
        added: 1,
        removed: 0,
        changed: 0,
        changes: [{ path: "run.sock", change: "added", kind: "socket" }],
        incomplete: true,
      },
    },
    {
      name: "old",
      change: "removed",
      driver: "local",
      settings: [],
      files: { from: { files: 9, bytes: 90 }, added: 0, removed: 0, changed: 0, changes: [], incomplete: false },
    },
  ],
  networks: [{ name: "back", change: "removed", id: "9", driver: "bridge", settings: [] }],
  truncated: true,
  problems: ["web now: The list of networks could not be read: it is no bolt database."],
};

it("shows what came, went and changed, each with what it is about below", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/web/diff": json(200, everything) });
  const { code, stdout, stderr } = await runCli(["diff", "web"], { daemon });
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      "web@golden (2h ago) → web now",
      "Containers",
      "  ~ app  made again",
      "      image digest: aaaaaaaaaaaa → bbbbbbbbbbbb",
      '      env MODE: "" → fast\ufffd[31m',
      "      port 80/tcp: added 8080",
      "      network: removed back",
      "      files: 2 added, 1 removed, 1 changed",
      "      ~ /etc/hosts  10 B → 2.0 KiB",
      "      + /new line/",
      "      - /bin/cat  512 B",
      "      … and 1 more",
      "  + worker  app:2 bbbbbbbbbbbb",
      "      files of its own: 2 files, 5 B",
      "Images",
      "  + app:2  bbbbbbbbbbbb  1.0 MiB",
      "  ~ <untagged>  aaaaaaaaaaaa",
      "      tag app:1 removed",
      "Volumes",
      "  ~ data  1 file, 1 B → 2 files, 3 B",
      "      files: 1 added, and those not looked at",
      "      + run.sock  socket",
      "  - old  9 files, 90 B",
      "Networks",
      "  - back  bridge",
      "",
    ].join("\n"),
  );
  expect(stderr).toBe(
    [
      "warning: web now: The list of networks could not be read: it is no bolt database.",
      "Not every changed file is shown. See more of each with: --limit 10000",
      "",
    ].join("\n"),
  );
});

it("says that nothing differs", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/web/diff": json(200, nothing) });
  expect(await runCli(["diff", "web"], { daemon })).toMatchObject({
    code: 0,
    stdout: "web@golden (2h ago) → web now\nNothing differs.\n",
    stderr: "",
  });
});

it("does not say that nothing differs where not everything was compared", async () => {
  const problem = "Not every file was compared, so more may differ: folders too deep, in volume 'data'.";
  const partial = { ...nothing, truncated: true, problems: [problem] };
  await using daemon = await scriptedDaemon({ "GET /instances/web/diff": json(200, partial) });
  const { stdout } = await runCli(["diff", "web"], { daemon });
  expect(stdout).toBe(
    `web@golden (2h ago) → web now\nNothing differs in what was compared, but not everything was:\n  ${problem}\n`,
  );
});

it("is the API's own JSON with -o json, and the names of what differs with -o name", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/web/diff": json(200, everything) });
  expect(JSON.parse((await runCli(["diff", "web", "-o", "json"], { daemon })).stdout)).toEqual(everything);
  expect((await runCli(["diff", "web", "-o", "name"], { daemon })).stdout.split("\n")).toEqual([
    "container/app",
    "container/worker",
    `image/${digest("b")}`,
    `image/${digest("a")}`,
    "volume/data",
    "volume/old",
    "network/back",
    "",
  ]);
});

it.each([
  [["web"], ""],
  [["web", "a"], "?from=a"],
  [["web", "a", "now"], "?from=a&to=now"],
  [["web@a"], "?from=web%40a"],
  [["web@a", "b"], "?from=web%40a&to=b"],
  [["web", "a", "other@b", "--limit", "5"], "?from=a&to=other%40b&limit=5"],
])("asks for the moments of %j", async (words, query) => {
  await using daemon = await scriptedDaemon({ [`GET /instances/web/diff${query}`]: json(200, nothing) });
  expect((await runCli(["diff", ...words], { daemon })).code).toBe(0);
});

it.each([
  [["web", "a", "b", "c"], /one word too many/],
  [["web", "--limit", "-1"], /not a number of files/],
  [["web", "--limit", "99999"], /not a number of files/],
  [[], /<name> is missing/],
])("refuses %j", async (words, problem) => {
  expect(await runCli(["diff", ...words])).toMatchObject({ code: 2, stderr: expect.stringMatching(problem) });
});
