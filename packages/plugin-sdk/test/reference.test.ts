import { join } from "node:path";
import { expect, it } from "vitest";
import { pluginSdkPage } from "../../../scripts/docs/plugin-sdk-page.ts";

it("is told on the reference page as its docstrings have it", async () => {
  const page = join(import.meta.dirname, "../../../docs/reference/plugin-sdk.md");
  await expect(pluginSdkPage()).toMatchFileSnapshot(page);
});
