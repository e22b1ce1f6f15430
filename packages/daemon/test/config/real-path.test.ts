import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { realPath } from "../../src/config/real-path.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "dst-")));
  await mkdir(join(folder, "there/deep"), { recursive: true });
  await symlink(join(folder, "there/deep"), join(folder, "link"));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ["there", "there"],
  ["there/", "there"],
  ["/there//deep/", "there/deep"],
  ["there/../there/deep/.", "there/deep"],
  ["link", "there/deep"],
  ["link/", "there/deep"],
  // As the kernel goes, from where the link leads.
  ["link/..", "there"],
  ["link/not/there/", "there/deep/not/there"],
  ["not/../there/", "there"],
  ["not/there/../yet", "not/yet"],
])("the path %s is %s", (spelled, real) => {
  expect(realPath(`${folder}/${spelled}`)).toBe(join(folder, real));
});

it("makes one of all spellings of a folder in the configuration", () => {
  const environment = {
    DOCKERSNAP_STATE_DIR: `${folder}/link/`,
    DOCKERSNAP_RUN_DIR: `${folder}/not/../run/`,
    DOCKERSNAP_BTRFS_PATH: `${folder}/there/../link`,
  };
  expect(loadConfig({ environment }).config).toMatchObject({
    state_dir: join(folder, "there/deep"),
    run_dir: join(folder, "run"),
    btrfs: { path: join(folder, "there/deep") },
  });
});

it("takes a path of which nothing is there, and the root", () => {
  expect(realPath("/nonexistent/dst/../run/")).toBe("/nonexistent/run");
  expect(realPath("/")).toBe("/");
});
