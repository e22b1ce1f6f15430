import { join } from "node:path";
import { expect, it } from "vitest";
import { configurationPage } from "../../src/config/reference.ts";

it("is told on the reference page as the table has it", async () => {
  const page = join(import.meta.dirname, "../../../../docs/reference/configuration.md");
  await expect(configurationPage()).toMatchFileSnapshot(page);
});
