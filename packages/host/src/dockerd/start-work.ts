import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

/** What a dockerd has to bring up before it answers. */
export interface StartWork {
  readonly containers: number;
  /** Published by these containers. */
  readonly ports: number;
}

const HostConfig = z.object({
  RestartPolicy: z.object({ Name: z.string() }).nullish(),
  PortBindings: z.record(z.string(), z.array(z.unknown()).nullable()).nullish(),
});
const Container = z.object({
  HasBeenManuallyStopped: z.boolean().nullish(),
  State: z.object({ Running: z.boolean().nullish(), Restarting: z.boolean().nullish() }).nullish(),
});

/** Containers that are read at the same time. */
const readAtOnce = 16;

/**
 * What dockerd starts by itself on this data-root, by the files it keeps there. Containers whose files cannot be read count
 * as nothing: dockerd leaves them out too.
 */
export async function startWorkOf(dataRoot: string): Promise<StartWork> {
  const folder = join(dataRoot, "containers");
  // A new engine has none, and what is not a folder is dockerd's to complain about.
  const queue = await readdir(folder).catch((): string[] => []);
  let containers = 0;
  let ports = 0;
  const worker = async () => {
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const own = join(folder, id);
      const [host, container] = await Promise.all([
        readAs(HostConfig, join(own, "hostconfig.json")),
        readAs(Container, join(own, "config.v2.json")),
      ]);
      if (host === undefined || container === undefined || !comesUp(host, container)) continue;
      containers += 1;
      ports += Object.values(host.PortBindings ?? {}).reduce((sum, bindings) => sum + (bindings?.length ?? 0), 0);
    }
  };
  await Promise.all(Array.from({ length: readAtOnce }, worker));
  return { containers, ports };
}

/** As dockerd decides at its start. */
function comesUp({ RestartPolicy }: z.infer<typeof HostConfig>, container: z.infer<typeof Container>): boolean {
  const ran = container.State?.Running === true || container.State?.Restarting === true;
  switch (RestartPolicy?.Name) {
    case "always":
      return true;
    case "unless-stopped":
      return container.HasBeenManuallyStopped !== true;
    case "on-failure":
      return ran;
    default:
      return false;
  }
}

async function readAs<T>(schema: z.ZodType<T>, file: string): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
