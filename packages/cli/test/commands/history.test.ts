import type { History, Snapshot } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { complete, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000 - 60_000).toISOString();

const snapshot = (label: string, hours: number, more: Partial<Snapshot> = {}): Snapshot => ({
  label,
  created_at: hoursAgo(hours),
  mode: "live",
  protected: false,
  ...more,
});

const kept = "auto-before-revert-2026-11-22T22-01-49.597Z";
const history: History = {
  instance: "demo",
  created_at: hoursAgo(30),
  head: "s1",
  origins: [
    {
      instance: "base",
      label: "golden",
      gone: false,
      chain: ["a", "b", "c", "d", "golden"].map((label, index) => ({ label, created_at: hoursAgo(70 - index) })),
    },
    { instance: "mother", label: "first", gone: true, chain: [] },
  ],
  snapshots: [
    snapshot("s1", 20, { tags: { ticket: "42" }, protected: true }),
    snapshot("s2", 10, { parent: "s1" }),
    snapshot("s3", 9, { parent: "s1", verified: { ok: true, ready_ms: 2_310, checked_at: hoursAgo(4) } }),
    snapshot(kept, 3, {
      parent: "s2",
      tags: { "dockersnap.auto": "revert" },
      expires_at: new Date(Date.now() + 21 * 3_600_000 + 60_000).toISOString(),
    }),
  ],
  clones: [
    { name: "bench", label: "s2", created_at: hoursAgo(2), gone: false },
    { name: "bench2", label: "s2", created_at: hoursAgo(1), gone: false },
    { name: "heir", label: "s0", created_at: hoursAgo(8), gone: true },
  ],
  reverts: [
    { at: hoursAgo(3), from: "s2", to: "s1", kept_as: kept, undone: false, lost: false },
    { at: hoursAgo(1), from: "s1", to: "s3", kept_as: "x", undone: true, redo_as: "y", lost: false },
  ],
};

it("draws where an instance stands and what came from what", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/demo/history": json(200, history) });
  const { code, stdout, stderr } = await runCli(["history", "demo"], { daemon });
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      "○ mother@first (gone)",
      "⋮ 2 earlier",
      "● base@c                                          2d",
      "● base@d                                          2d",
      "● base@golden                                     2d",
      "○ demo                                           30h  cloned from base@golden",
      "● s1                                             20h  protected  ticket=42",
      "├─● s2                                           10h  cloned to bench, bench2",
      `│ ● ${kept}   3h  expires in 21h`,
      "├─● s3                                            9h  restorable, ready in 2.3 s, checked 4h ago",
      "◉ now                                                 ← you are here",
      "",
    ].join("\n"),
  );
  expect(stderr).toBe(
    [
      "Last revert: to s1, 3h ago. Undo it with: dockersnap undo demo",
      "Undone: the revert to s3. Redo it with: dockersnap redo demo",
      "Clones of snapshots that are gone: heir (s0)",
      "",
    ].join("\n"),
  );
});

it("draws an instance without snapshots, and says nothing of reverts there were none of", async () => {
  const fresh = { ...history, origins: [], snapshots: [], clones: [], reverts: [], head: undefined };
  await using daemon = await scriptedDaemon({ "GET /instances/demo/history": json(200, fresh) });
  expect(await runCli(["log", "demo"], { daemon })).toMatchObject({
    stdout: "○ demo  30h  created\n◉ now        ← you are here\n",
    stderr: "",
  });
});

it("does not offer to take back what is not kept any more", async () => {
  const reverts = history.reverts.map((revert) => ({ ...revert, lost: true }));
  await using daemon = await scriptedDaemon({ "GET /instances/demo/history": json(200, { ...history, reverts }) });
  const { stderr } = await runCli(["history", "demo"], { daemon });
  expect(stderr).toContain("Last revert: to s1, 3h ago. The state before it is no longer kept.\n");
  expect(stderr).not.toMatch(/undo demo|redo demo/);
});

it("is the API's own JSON with -o json, and the snapshots' names with -o name", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/demo/history": json(200, history) });
  expect(JSON.parse((await runCli(["history", "demo", "-o", "json"], { daemon })).stdout)).toEqual(history);
  expect((await runCli(["history", "demo", "-o", "name"], { daemon })).stdout).toBe(
    `demo@s1\ndemo@s2\ndemo@s3\ndemo@${kept}\n`,
  );
});

it.each([
  ["undo", "Undid the revert of demo to s1, made 3h ago.\n", "Redo it with: dockersnap redo demo\n"],
  ["redo", "Redid the revert of demo to s1.\n", "Undo it with: dockersnap undo demo\n"],
])("%ss, and says how to go the other way", async (verb, said, hint) => {
  const answer = { status: "ok", revert: history.reverts[0] };
  await using daemon = await scriptedDaemon({
    [`POST /instances/demo/${verb}`]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: answer })),
  });
  const { code, stdout, stderr } = await runCli([verb, "demo"], { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: said });
  expect(stderr).toContain(hint);
  expect(JSON.parse((await runCli([verb, "demo", "-o", "json"], { daemon })).stdout)).toEqual(answer);
});
