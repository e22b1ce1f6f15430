import { checkConfig, contractVersion, Hook, SchemaResponse } from "@dockersnap/contract";
import { parseResponse } from "@dockersnap/host/plugins";
import { instanceName } from "../inputs.ts";
import { bareEnvironment } from "../process/caller.ts";
import { quote, succeeded, tell } from "../process/observed.ts";
import type { Stage } from "../subject.ts";

/** A key of a configuration: a flat word, in which dots are letters like any other. */
const optionName = /^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;

/** What the plugin says it is; undefined where it cannot be read. */
export async function checkSchema({ caller, report, name }: Stage): Promise<SchemaResponse | undefined> {
  const first = await caller.call("schema");
  if (!succeeded(first)) {
    report.failed("schema/answers", tell(first));
    return undefined;
  }
  const parsed = parseResponse(SchemaResponse, first.stdout);
  if ("problem" in parsed) {
    report.failed("schema/answers", `it ${parsed.problem}`);
    return undefined;
  }
  report.ok("schema/answers");
  const schema = parsed.value;

  if (schema.plugin_name === name) report.ok("schema/name");
  else if (typeof schema.plugin_name !== "string") report.warn("schema/name", "it names no plugin_name");
  else report.failed("schema/name", `it calls itself ${quote(schema.plugin_name)}, and its file is '${name}'`);

  const versions = schema.supported_contract_versions ?? [schema.contract_version ?? ""].filter(Boolean);
  if (versions.includes(contractVersion)) report.ok("schema/version");
  else report.failed("schema/version", `it speaks ${versions.map(quote).join(", ") || "none"}`);

  checkDeclarations({ report }, schema);

  const second = await caller.call("schema");
  if (second.stdout.equals(first.stdout)) report.ok("schema/stable");
  else report.failed("schema/stable", "two calls, one after the other, gave different bytes");

  const bare = await caller.call("schema", { env: bareEnvironment(process.env) });
  if (succeeded(bare) && !("problem" in parseResponse(SchemaResponse, bare.stdout))) report.ok("schema/environment");
  else report.failed("schema/environment", `with nothing but PATH, ${tell(bare)}`);
  return schema;
}

function checkDeclarations({ report }: Pick<Stage, "report">, schema: SchemaResponse): void {
  const options = schema.config_options ?? [];
  const keys = options.map((option) => option.name);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  const odd = keys.filter((key) => !optionName.test(key));
  if (twice.length > 0) report.failed("schema/options", `declared twice: ${twice.map(quote).join(", ")}`);
  else if (odd.length > 0) report.failed("schema/options", `not such a word: ${odd.map(quote).join(", ")}`);
  else report.ok("schema/options");

  // Whether a file is there is a matter of the host, not of the type.
  const { problems } = checkConfig(
    options.map((option) => ({ ...option, required: false })),
    {},
    { instanceName },
  );
  if (problems.length > 0) report.failed("schema/defaults", problems.map(({ message }) => message).join(" "));
  else report.ok("schema/defaults");

  const hooks = schema.hooks ?? [];
  const wrong = hooks.filter((hook, index) => !Hook.safeParse(hook).success || hooks.indexOf(hook) !== index);
  if (wrong.length > 0) report.failed("schema/hooks", `it lists ${wrong.map(quote).join(", ")}`);
  else report.ok("schema/hooks");
}
