import {
  AccessResponse,
  DescribeResponse,
  HealthResponse,
  type PluginInput,
  ValidateResponse,
} from "@dockersnap/contract";
import type { PluginResponses } from "@dockersnap/core";
import * as z from "zod";
import { commandFailed, contractBroken, describeEnding, type Failure, notImplemented, ownWords } from "./failure.ts";
import { parseResponse } from "./response.ts";
import type { PluginCall, PluginRunner } from "./runner.ts";

type Question = keyof PluginResponses;

export interface Asked<C extends Question> extends PluginCall {
  readonly command: C;
  readonly input: PluginInput;
}

/** How one command's answer is read. */
interface Reading<C extends Question> {
  readonly shape: z.ZodType<PluginResponses[C]>;
  /** Optional fields of this daemon's own. */
  readonly additions?: readonly string[];
  /** Stands for the answer of a plugin that does not have the command. */
  readonly absent: (call: Asked<C>) => PluginResponses[C];
  /** The answer in a failure that is one all the same, or undefined. */
  readonly inFailure?: (failure: Failure) => PluginResponses[C] | undefined;
}

const healthAdditions = ["status", "message"];

const readings: { readonly [C in Question]: Reading<C> } = {
  validate: { shape: ValidateResponse, absent: () => ({ valid: true }), inFailure: refusal },
  access: { shape: AccessResponse, absent: () => ({}) },
  describe: {
    shape: DescribeResponse,
    absent: ({ plugin }) => ({ workload_type: plugin, status: "unknown" }),
  },
  health: {
    shape: HealthResponse,
    additions: healthAdditions,
    absent: () => ({ healthy: true, unchecked: true, message: "This plugin has no health check." }),
    inFailure: failedProbe,
  },
};

/** Run a command that answers once. */
export async function ask<C extends Question>(runner: PluginRunner, call: Asked<C>): Promise<PluginResponses[C]> {
  const { plugin, command } = call;
  const reading: Reading<C> = readings[command];
  const { ending, stdout, stderr } = await runner.answer(call);
  if (ending.kind === "exit" && ending.code === 0) {
    const parsed = parseResponse(reading.shape, stdout, reading.additions);
    if ("problem" in parsed) throw contractBroken(plugin, command, parsed.problem, stderr);
    return parsed.value;
  }
  if (ending.kind === "exit" && ending.code === notImplemented) return reading.absent(call);
  const failure: Failure = { plugin, command, ending, stdout: stdout.toString("utf8"), lastError: undefined, stderr };
  const answer = ending.kind === "exit" ? reading.inFailure?.(failure) : undefined;
  if (answer === undefined) throw commandFailed(failure);
  return answer;
}

const Refused = ValidateResponse.extend({ valid: z.boolean().optional() });

/** A `validate` that exits with a failure and says why has refused, not crashed. */
function refusal(failure: Failure): ValidateResponse | undefined {
  const parsed = parseResponse(Refused, Buffer.from(failure.stdout));
  if ("problem" in parsed) return undefined;
  const { valid, errors, ...rest } = parsed.value;
  const named = errors ?? [];
  if (valid !== false && named.length === 0) return undefined;
  return {
    ...rest,
    valid: false,
    errors: named.length > 0 ? named : [ownWords({ ...failure, stdout: "" }) ?? describeEnding(failure.ending)],
  };
}

/** A probe that could not run to its end, with the checks it came to. */
function failedProbe(failure: Failure): HealthResponse | undefined {
  const parsed = parseResponse(HealthResponse, Buffer.from(failure.stdout), healthAdditions);
  if ("problem" in parsed) return undefined;
  const message = ownWords({ ...failure, stdout: "" }) ?? describeEnding(failure.ending);
  return {
    ...parsed.value,
    healthy: false,
    checks: [...(parsed.value.checks ?? []), { name: "plugin", ok: false, message }],
  };
}
