import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { engineKey, writeEngineId } from "../../src/dockerd/engine-id.ts";

const id = "7a9b7a0e-6a53-4bb5-9dd6-0f0c9f6c0b11";
const otherId = "7a9b7a0e-6a53-4bb5-9dd6-0f0c9f6c0b12";

describe("the key of an engine", () => {
  it("is a point of its curve, the same for the same id and another one for another", () => {
    const key = JSON.parse(engineKey(id));
    expect(createPublicKey({ key, format: "jwk" }).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(engineKey(id)).toBe(engineKey(id));
    expect(engineKey(otherId)).not.toBe(engineKey(id));
  });
});

describe("the ID in the data-root", () => {
  it("replaces that of the instance that was cloned", async () => {
    const { file, dataRoot } = await dataRootWith();
    await writeFile(file, otherId);
    await writeEngineId(dataRoot, id);
    expect(await readFile(file, "utf8")).toBe(id);
  });

  it("is left untouched where it is right", async () => {
    const { file, dataRoot } = await dataRootWith();
    await writeEngineId(dataRoot, id);
    const before = await stat(file, { bigint: true });
    await writeEngineId(dataRoot, id);
    expect((await stat(file, { bigint: true })).ctimeNs).toBe(before.ctimeNs);
    expect((await stat(file)).ino).toBe(Number(before.ino));
  });

  it("is put in the place of whatever else is there, and no link is followed", async () => {
    const { file, dataRoot, outside } = await dataRootWith();
    await symlink(outside, file);
    await symlink(outside, `${file}.new`);
    await writeEngineId(dataRoot, id);
    expect(await readFile(file, "utf8")).toBe(id);
    expect(await readFile(outside, "utf8")).toBe("of somebody else");

    await rm(file);
    await mkdir(`${file}.new/deep`, { recursive: true });
    execFileSync("mkfifo", [file]);
    await writeEngineId(dataRoot, id);
    expect(await readFile(file, "utf8")).toBe(id);
  });
});

async function dataRootWith() {
  const folder = await mkdtemp(join(tmpdir(), "dst-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const dataRoot = join(folder, "data");
  const outside = join(folder, "outside");
  await mkdir(dataRoot);
  await writeFile(outside, "of somebody else");
  return { dataRoot, outside, file: join(dataRoot, "engine-id") };
}
