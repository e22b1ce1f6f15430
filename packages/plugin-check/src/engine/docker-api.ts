import { request } from "node:http";
import * as z from "zod";

/** Time for one answer of the engine, and how much of one is read. */
const answerMs = 30_000;
const longestAnswer = 16 * 1024 * 1024;

const Containers = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Labels: z.record(z.string(), z.string()).nullish(),
    Ports: z.array(z.object({ PrivatePort: z.int(), PublicPort: z.int().optional(), Type: z.string() })).nullish(),
  }),
);
export type EngineContainer = z.infer<typeof Containers>[number];

const Details = z.object({
  HostConfig: z.object({
    AutoRemove: z.boolean().optional(),
    RestartPolicy: z.object({ Name: z.string() }).optional(),
  }),
});

/** The engine did not answer, or not as an engine does. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}

/** Every container of the engine, running or not. Rejects with an `EngineError`. */
export const listContainers = async (socket: string, signal: AbortSignal): Promise<EngineContainer[]> =>
  read(Containers, await get(socket, "/containers/json?all=1", signal));

/** The restart policy of a container: empty or `no` without one; undefined for one that is gone or goes by itself. */
export async function restartPolicy(socket: string, id: string, signal: AbortSignal): Promise<string | undefined> {
  const found = await get(socket, `/containers/${id}/json`, signal);
  if (found === undefined) return undefined;
  const { HostConfig } = read(Details, found);
  return HostConfig.AutoRemove ? undefined : (HostConfig.RestartPolicy?.Name ?? "");
}

function read<S extends z.ZodType>(shape: S, answer: unknown): z.infer<S> {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new EngineError(`what listens there answers in no shape of Docker's: ${parsed.error.issues[0]?.message}`);
}

/** A resource of the engine; undefined where it is not there. */
function get(socketPath: string, path: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const fail = (cause: unknown) =>
      reject(new EngineError(cause instanceof Error ? cause.message : String(cause), { cause }));
    const asked = request({ socketPath, path, signal: bounded }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("error", fail);
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longestAnswer) response.destroy(new Error(`the answer to ${path} has no end`));
      });
      response.on("end", () => {
        if (response.statusCode === 404) resolve(undefined);
        else if (response.statusCode !== 200)
          reject(new EngineError(`${path} was answered with ${response.statusCode}`));
        else {
          try {
            resolve(JSON.parse(text));
          } catch (cause) {
            fail(cause);
          }
        }
      });
    });
    asked.on("error", fail);
    asked.end();
  });
}
