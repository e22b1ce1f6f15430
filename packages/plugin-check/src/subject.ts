import type { ConfigOption, PluginInput, SchemaResponse } from "@dockersnap/contract";
import type { Configuration } from "./inputs.ts";
import type { Caller } from "./process/caller.ts";
import type { Scratch } from "./process/scratch.ts";
import type { Report } from "./report.ts";

/** What can be had of every plugin before its schema is known. */
export interface Stage {
  readonly name: string;
  readonly caller: Caller;
  readonly report: Report;
  readonly scratch: Scratch;
  readonly signal: AbortSignal;
}

/** A plugin that said what it is, and what to call it with. */
export interface Subject extends Stage {
  readonly schema: SchemaResponse;
  readonly options: readonly ConfigOption[];
  readonly configuration: Configuration;
  /** For an instance whose engine is not there. */
  readonly good: PluginInput;
  /** The same as `good`, for a clone. */
  readonly clone: PluginInput;
}
