import { expect, it } from "vitest";
import * as sdk from "../src/index.ts";
import * as testing from "../src/testing/index.ts";

it("exports these values to authors and no others", () => {
  expect(Object.keys(sdk).sort()).toEqual([
    "DockersnapError",
    "accessDir",
    "createPlugin",
    "fileFromString",
    "hostToken",
    "portToken",
  ]);
});

it("exports these values to their tests and no others", () => {
  expect(Object.keys(testing).sort()).toEqual([
    "FakeDocker",
    "FakePrograms",
    "newContext",
    "newProgress",
    "runCommand",
  ]);
});

it("spells the tokens as the contract does", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the tokens are these texts.
  expect([sdk.hostToken, sdk.accessDir, sdk.portToken("a:b/c")]).toEqual(["${HOST}", "${ACCESS_DIR}", "${PORT:a:b/c}"]);
});
