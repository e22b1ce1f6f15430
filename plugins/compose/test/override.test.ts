import { existsSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { overrideFile } from "../override.ts";
import type { DeclaredService } from "../program.ts";

const service = (name: string, published: number[], labels: Record<string, string> = {}): DeclaredService => ({
  name,
  published,
  labels,
  mounts: [],
  networkMode: undefined,
});

test("ports are named after their services, and by their numbers where there are more; the project's own names stay", async () => {
  let path: string;
  {
    await using file = await overrideFile([
      service("web", [80]),
      service("db", [5432, 9090], { "dockersnap.port.9090": "metrics" }),
      service("worker", []),
    ]);
    path = file.path;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      services: {
        web: { labels: { "dockersnap.port.80": "web" } },
        db: { labels: { "dockersnap.port.5432": "db-5432" } },
        worker: { labels: {} },
      },
    });
  }
  expect(existsSync(path)).toBe(false);
});
