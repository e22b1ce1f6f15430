import { expect, it } from "vitest";
import { json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const plugins = [
  { name: "echo", status: "ready", version: "1.0.0", description: "Says one line" },
  { name: "loud", status: "disabled", error: `Plugin 'loud' failed at schema: ${"x".repeat(3000)}` },
];

it("lists each plugin on one line, and says where the whole of a long reason is", async () => {
  await using daemon = await scriptedDaemon({ "GET /plugins": json(200, plugins) });
  const { stdout } = await runCli(["plugin", "list"], { daemon });
  const [head, echo, loud] = stdout.split("\n");
  expect(head).toMatch(/^NAME +STATUS +VERSION$/);
  expect(echo).toMatch(/^echo +ready +1\.0\.0 +Says one line$/);
  expect(loud).toMatch(
    /^loud +disabled +Plugin 'loud' failed at schema: x+… \(all of it: dockersnap plugin describe loud\)$/,
  );
  expect(loud?.length).toBeLessThan(260);
});
