import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../failure.ts";

/** What the API takes as a body at most; a longer file could not be sent. */
const maxBytes = 1024 * 1024;

/** A plugin's configuration from a YAML or JSON file. An empty file is an empty configuration. */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const text = await readBounded(path);
  const content = path.endsWith(".json") ? parseJson(path, text) : await parseYaml(path, text);
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new UsageError(`The configuration in '${path}' is not a mapping of keys to values.`);
  }
  return content as Record<string, unknown>;
}

async function readBounded(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path, "utf8");
  } catch (cause) {
    throw new UsageError(`The configuration '${path}' cannot be read: ${reason(cause)}.`, { cause });
  }
  throw new UsageError(`The configuration '${path}' is longer than ${maxBytes} bytes.`);
}

function parseJson(path: string, text: string): unknown {
  try {
    return text.trim() === "" ? null : JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`The configuration '${path}' is not JSON: ${reason(cause)}.`, { cause });
  }
}

async function parseYaml(path: string, text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    return parse(text);
  } catch (cause) {
    throw new UsageError(`The configuration '${path}' is not YAML: ${reason(cause)}.`, { cause });
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if ("code" in cause && cause.code === "ENOENT") return "there is no such file";
  if ("code" in cause && cause.code === "EACCES") return "you may not read it";
  // The YAML parser shows the place below its first line.
  return cause.message.split("\n", 1)[0]?.replace(/[.:]$/, "") ?? "";
}
