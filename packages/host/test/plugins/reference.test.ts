import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bounds } from "../../src/plugins/bounds.ts";
import { defaultTimeouts } from "../../src/plugins/timeouts.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/reference/plugin-contract.md"), "utf8");

describe("the reference page", () => {
  it("tells each command and the time it has", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| .+ \| (\d+) s \|$/gm)];
    expect(Object.fromEntries(rows.map(([, command, seconds]) => [command, Number(seconds) * 1000]))).toEqual(
      defaultTimeouts,
    );
  });

  it("tells how much of a plugin's output is read", () => {
    const MiB = 1024 * 1024;
    expect(bounds).toMatchObject({ response: 4 * MiB, progressLine: MiB, keptStderr: MiB / 16 });
    expect(page.replaceAll("\n", " ")).toContain(
      "It reads at most 4 MiB of an answer and 1 MiB of a line of progress, and keeps 64 KiB of stderr.",
    );
  });
});
