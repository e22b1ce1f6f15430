import { runTool } from "../process/tool.ts";

/** Run commands of `ip` in order, in one process, up to the first that fails; in a named namespace or on the host. */
export async function ip(commands: readonly string[], namespace?: string): Promise<void> {
  await runTool("ip", [...inside(namespace), "-batch", "-"], { input: lines(commands) });
}

/** What several `show` commands of `ip` print as JSON, an entry per command. */
export async function ipShow(commands: readonly string[], namespace?: string): Promise<readonly unknown[]> {
  const { stdout } = await runTool("ip", [...inside(namespace), "-json", "-details", "-batch", "-"], {
    input: lines(commands),
    maxOutput: 16 * 1024 * 1024,
  });
  return stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): unknown => JSON.parse(line));
}

function inside(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : ["-netns", namespace];
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join("");
}
