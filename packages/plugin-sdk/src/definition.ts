import type { Hook } from "@dockersnap/contract/words";
import type { ConfigOptions } from "./config/declaration.ts";
import type { Context, InitContext } from "./context.ts";
import type { Progress } from "./progress.ts";
import type { AccessResult } from "./responses/access.ts";
import type { DescribeResult } from "./responses/describe.ts";
import type { HealthResult } from "./responses/health.ts";
import type { ValidateResult } from "./responses/validate.ts";

/** One function for each command of the contract; those that are absent have an answer of the SDK's own. */
export interface Handlers<O extends ConfigOptions> {
  init?: (ctx: InitContext) => void | Promise<void>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may simply return.
  validate?: (ctx: Context<O>) => ValidateResult | void | Promise<ValidateResult | void>;
  deploy?: StreamingHandler<O>;
  teardown?: StreamingHandler<O>;
  access?: (ctx: Context<O>) => AccessResult | Promise<AccessResult>;
  describe?: (ctx: Context<O>) => DescribeResult | Promise<DescribeResult>;
  health?: (ctx: Context<O>) => HealthResult | Promise<HealthResult>;
  pre_snapshot?: StreamingHandler<O>;
  post_snapshot?: StreamingHandler<O>;
  post_revert?: StreamingHandler<O>;
  post_clone?: StreamingHandler<O>;
}

/** Reports progress as it goes. A throw is the command's failure, with the error's message. */
type StreamingHandler<O extends ConfigOptions> = (ctx: Context<O>, progress: Progress) => void | Promise<void>;

export const hooks = ["pre_snapshot", "post_snapshot", "post_revert", "post_clone"] as const satisfies readonly Hook[];

export interface PluginDefinition<O extends ConfigOptions = ConfigOptions> {
  readonly name: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly configOptions: O;
  readonly handlers: Handlers<O>;
}
