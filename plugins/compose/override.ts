import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeclaredService } from "./program.ts";

interface OverrideFile extends AsyncDisposable {
  readonly path: string;
}

/** The label by which the daemon names a port of a container. */
export const portLabelKey = (port: number) => `dockersnap.port.${port}`;

/**
 * A Compose file that names each published port after its service, `web` or `web-8443`, unless the project names it. Gone
 * with its disposal.
 */
export async function overrideFile(services: readonly DeclaredService[]): Promise<OverrideFile> {
  const named = services.map((service) => [service.name, { labels: missingLabels(service) }] as const);
  const folder = await mkdtemp(join(tmpdir(), "dockersnap-compose-"));
  const path = join(folder, "labels.json");
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    // JSON is YAML. Without a version, or the older Compose takes the two for different formats.
    await writeFile(path, JSON.stringify({ services: Object.fromEntries(named) }), { mode: 0o600 });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: dispose };
}

function missingLabels({ name, labels, published }: DeclaredService): Record<string, string> {
  const missing = published.filter((port) => labels[portLabelKey(port)] === undefined);
  const nameOf = (port: number) => (published.length === 1 ? name : `${name}-${port}`);
  return Object.fromEntries(missing.map((port) => [portLabelKey(port), nameOf(port)]));
}
