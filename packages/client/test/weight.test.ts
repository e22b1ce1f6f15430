import { resolve } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("loads no library: the command line starts with it, and browsers fetch it", async () => {
  const { metafile } = await build({
    entryPoints: [resolve(import.meta.dirname, "../src/index.ts")],
    absWorkingDir: resolve(import.meta.dirname, "../../.."),
    bundle: true,
    format: "esm",
    platform: "neutral",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const loaded = Object.keys(metafile.inputs);
  expect(loaded).toContain("packages/contract/src/api/addresses.ts");
  expect(loaded.filter((file) => !/^packages\/(client|contract)\/src\//.test(file))).toEqual([]);
});
