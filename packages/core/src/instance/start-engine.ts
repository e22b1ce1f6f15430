import type { Context } from "../context.ts";
import type { EngineProgress } from "../engine/engine.ts";
import type { StepTools } from "../operation/kind.ts";
import type { InstanceRecord } from "../records/records.ts";
import { spaceError } from "../storage/room.ts";
import { withRoom } from "./limits.ts";
import { adoptSockets } from "./own-socket.ts";

/**
 * Start an instance's engine when its turn has come, with room to write, and do `then` in that room too. Whoever follows is
 * told what it waits for.
 */
export async function startEngine(
  { platform, specs, starts }: Pick<Context, "platform" | "specs" | "starts">,
  record: InstanceRecord,
  tools: Pick<StepTools, "signal" | "report" | "getsOn">,
  then: () => Promise<void> = async () => undefined,
): Promise<void> {
  const tell = onceEach(tools);
  const arrival = {
    group: record.cloneOf?.instance ?? record.name,
    signal: tools.signal,
    waits: (others: number) =>
      tell(others === 1 ? "waiting for another engine to start" : `waiting for ${others} other engines to start`),
  };
  await starts.pass(arrival, () =>
    withRoom(platform, record, async () => {
      try {
        await adoptSockets(platform, record);
        await platform.engines.start(specs.engine(record), tools.signal, (progress) => tell(said(progress)));
      } catch (error) {
        tools.signal.throwIfAborted();
        throw await spaceError({ platform }, `start '${record.name}'`, error);
      }
      await then();
    }),
  );
}

function said({ up, of }: EngineProgress): string {
  return of === 0 ? "its Docker engine is still starting" : `${up} of ${of} containers up`;
}

/** Progress comes again and again, and is told where it differs from what was told last. */
function onceEach({ report, getsOn }: Pick<StepTools, "report" | "getsOn">): (message: string) => void {
  let last: string | undefined;
  return (message) => {
    getsOn();
    if (message === last) return;
    last = message;
    report({ step: "engine", status: "running", message });
  };
}
