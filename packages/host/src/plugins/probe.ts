import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { contractVersion, DockersnapError, Hook, type PluginInfo, SchemaResponse } from "@dockersnap/contract";
import type { ReadyPlugin } from "@dockersnap/core";
import type { FoundPlugin } from "./discover.ts";
import { commandFailed, contractBroken, notImplemented } from "./failure.ts";
import { parseResponse } from "./response.ts";
import type { Answered, PluginRunner } from "./runner.ts";

/** A plugin as the last look found it; `ready` only where it may be used. */
export interface ProbedPlugin {
  readonly info: PluginInfo;
  readonly path: string;
  readonly ready: ReadyPlugin | undefined;
}

/** Contract versions this daemon speaks. */
const spoken: readonly string[] = [contractVersion];

/** Ask a plugin what it is. Never rejects for what a plugin does: it is then disabled, with the reason. */
export async function probe(runner: PluginRunner, found: FoundPlugin): Promise<ProbedPlugin> {
  const { name, path, refusal } = found;
  let info: PluginInfo = { name, status: "disabled", path };
  const disabled = (error: string): ProbedPlugin => ({ info: { ...info, error }, path, ready: undefined });
  if (refusal !== undefined) return disabled(refusal);
  try {
    info = { ...info, binary_digest: await digestOf(path) };
    const answer = await runner.answer({ plugin: name, path, command: "schema" });
    const schema = readSchema(name, answer);
    info = { ...info, ...described(name, schema, answer.stdout) };
    const version = highestShared(schema);
    if (version === undefined) return disabled(noSharedVersion(name, schema));
    await initialise(runner, found);
    info = { ...info, status: "ready" };
    const hooks = Hook.options.filter((hook) => schema.hooks?.includes(hook));
    return { info, path, ready: { info, schema, contractVersion: version, hooks } };
  } catch (error) {
    if (error instanceof DockersnapError) return disabled(error.message);
    if (error instanceof Error && "code" in error) return disabled(`Plugin '${name}' cannot be read: ${error.code}.`);
    throw error;
  }
}

function readSchema(plugin: string, { ending, stdout, stderr }: Answered): SchemaResponse {
  if (ending.kind !== "exit" || ending.code !== 0) {
    throw commandFailed({
      plugin,
      command: "schema",
      ending,
      stdout: stdout.toString("utf8"),
      lastError: undefined,
      stderr,
    });
  }
  const parsed = parseResponse(SchemaResponse, stdout, ["hooks", "commands", "reads_input_first"]);
  if ("problem" in parsed) throw contractBroken(plugin, "schema", parsed.problem, stderr);
  return parsed.value;
}

async function initialise(runner: PluginRunner, { name, path }: FoundPlugin): Promise<void> {
  const { ending, stdout, stderr } = await runner.answer({ plugin: name, path, command: "init" });
  // Nothing to prepare is as good as prepared.
  if (ending.kind === "exit" && (ending.code === 0 || ending.code === notImplemented)) return;
  throw commandFailed({
    plugin: name,
    command: "init",
    ending,
    stdout: stdout.toString("utf8"),
    lastError: undefined,
    stderr,
  });
}

function described(name: string, schema: SchemaResponse, stdout: Buffer) {
  const warnings = remarks(name, schema);
  return {
    ...(typeof schema.plugin_version === "string" ? { version: schema.plugin_version } : {}),
    ...(schema.description === undefined ? {} : { description: schema.description }),
    supported_contract_versions: versionsOf(schema),
    config_options: schema.config_options ?? [],
    schema_digest: createHash("sha256").update(stdout).digest("hex"),
    ...(schema.hooks ? { hooks: schema.hooks } : {}),
    ...(schema.commands ? { commands: schema.commands } : {}),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function remarks(name: string, schema: SchemaResponse): string[] {
  const keys = (schema.config_options ?? []).map((option) => option.name);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  const unknown = (schema.hooks ?? []).filter((hook) => !Hook.safeParse(hook).success);
  return [
    ...((schema.plugin_name ?? name) === name
      ? []
      : [`It calls itself '${schema.plugin_name}'; here it goes by '${name}', the name of its file.`]),
    ...twice.map((key) => `It declares the configuration key '${key}' more than once; the last one counts.`),
    ...unknown.map((hook) => `It lists the hook '${hook}', which this daemon does not know and never calls.`),
  ];
}

const versionsOf = (schema: SchemaResponse) =>
  schema.supported_contract_versions ?? (typeof schema.contract_version === "string" ? [schema.contract_version] : []);

function highestShared(schema: SchemaResponse): string | undefined {
  const shared = versionsOf(schema).filter((version) => spoken.includes(version));
  return shared.sort((a, b) => Number(b) - Number(a))[0];
}

const noSharedVersion = (name: string, schema: SchemaResponse) =>
  `Plugin '${name}' speaks contract version ${versionsOf(schema).join(", ") || "none"}; this daemon speaks ${spoken.join(", ")}. Install a version of the plugin made for it.`;

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
