import { join } from "node:path";
import { apiSection } from "./api-page.ts";

const source = join(import.meta.dirname, "../../packages/plugin-sdk/src");

const introduction = `# The plugin SDK

What a plugin in TypeScript imports, by module, as its docstrings have it. [Write a plugin](../tutorial-plugin.md) shows
it at work; [Plugin contract](plugin-contract.md) is what goes over the wire.`;

/** The page `docs/reference/plugin-sdk.md`. */
export function pluginSdkPage(): string {
  const modules = [
    { name: "@dockersnap/plugin-sdk", entry: join(source, "index.ts") },
    { name: "@dockersnap/plugin-sdk/testing", entry: join(source, "testing/index.ts") },
  ];
  return `${[introduction, ...modules.map(apiSection)].join("\n\n")}\n`;
}
