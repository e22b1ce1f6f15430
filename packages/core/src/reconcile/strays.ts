import type { Platform } from "../platform.ts";

/** Something on this host that bears our names and belongs to no instance. */
export interface Stray {
  readonly kind: "engine" | "network" | "dataset" | "snapshot";
  readonly instance: string;
  readonly label?: string;
}

type Reality = Pick<Platform, "records" | "engines" | "network" | "storage">;

/** Everything that is there without a record. Datasets and snapshots are data: they are shown, never removed unasked. */
export async function findStrays({ records, engines, network, storage }: Reality): Promise<readonly Stray[]> {
  const [engineNames, networkNames, datasets] = await Promise.all([engines.list(), network.list(), storage.list()]);
  const known = (name: string) => records.instances.get(name) !== undefined;
  return [
    ...engineNames.filter((name) => !known(name)).map((instance): Stray => ({ kind: "engine", instance })),
    ...networkNames.filter((name) => !known(name)).map((instance): Stray => ({ kind: "network", instance })),
    ...datasets.filter(({ id }) => !known(id)).map(({ id }): Stray => ({ kind: "dataset", instance: id })),
    ...datasets.flatMap(({ id, snapshots }) =>
      known(id)
        ? snapshots
            .filter((label) => records.snapshots.get(id, label) === undefined)
            .map((label): Stray => ({ kind: "snapshot", instance: id, label }))
        : [],
    ),
  ];
}

/** Remove one stray for good. */
export async function removeStray({ engines, network, storage }: Reality, stray: Stray): Promise<void> {
  switch (stray.kind) {
    case "engine":
      return engines.kill(stray.instance);
    case "network":
      return network.remove(stray.instance);
    case "dataset":
      return storage.remove(stray.instance);
    case "snapshot":
      return storage.removeSnapshot(stray.instance, stray.label ?? "");
  }
}
