import { DockersnapError } from "@dockersnap/contract/words";
import type { BridgeNetwork, EngineApi } from "../../src/engine/engine.ts";
import { beforeAbort } from "../../src/operation/in-time.ts";
import type { MemoryContainers } from "./memory-containers.ts";

/** Methods of an engine's API that can be made to fail. */
export type EngineApiMethod = Exclude<keyof EngineApi, "ping" | "bridgeNetworks" | "tmpfs">;

interface Answering {
  readonly name: string;
  readonly containers: MemoryContainers;
  /** A call of the method begins; throws where it is to fail. */
  begin(method: EngineApiMethod): void;
  /** Resolves when it is held still no longer. */
  resumed(): Promise<void>;
  /** Throws where the engine does not answer. */
  dataRoot(): string;
  /** Networks that were made in it. */
  networks(): readonly BridgeNetwork[];
  changed(): void;
}

/** What one engine answers. */
export function memoryEngineApi(engine: Answering): EngineApi {
  const { containers } = engine;
  const setState = (id: string, state: string) => {
    if (!containers.setState(engine.dataRoot(), id, state)) {
      throw new DockersnapError("not_found", `'${engine.name}' has no container '${id}'.`);
    }
    engine.changed();
  };
  return {
    ping: async (signal) => {
      await beforeAbort(engine.resumed(), signal);
      engine.dataRoot();
    },
    containers: async () => {
      engine.begin("containers");
      return containers.in(engine.dataRoot());
    },
    bridgeNetworks: async () => {
      engine.dataRoot();
      return [{ name: "bridge", subnets: ["172.17.0.0/16"] }, ...engine.networks()];
    },
    tmpfs: async () => [],
    vitals: async (id) => {
      engine.begin("vitals");
      return containers.vitals(engine.dataRoot(), id);
    },
    startContainer: async (id) => {
      engine.begin("startContainer");
      setState(id, "running");
    },
    stopContainer: async (id, signal) => {
      engine.begin("stopContainer");
      signal.throwIfAborted();
      setState(id, "exited");
    },
    pauseContainer: async (id) => {
      engine.begin("pauseContainer");
      setState(id, "paused");
    },
    setRestartPolicy: async (id, policy, retries) => {
      engine.begin("setRestartPolicy");
      containers.setRestartPolicy(engine.dataRoot(), id, policy, retries);
    },
  };
}
