import type { Client } from "@dockersnap/client";
import type { DaemonEvent, DaemonHealth, PortMapping } from "@dockersnap/contract/words";
import { type Row, rowOf } from "./row.ts";

export interface Overview {
  readonly daemon: DaemonHealth;
  readonly rows: readonly Row[];
}

/** Follows a daemon: gives the overview once, and again after each thing that happens in it. */
export class Follower {
  readonly #client: Client;
  readonly #hostname: string;
  readonly #show: (overview: Overview) => void;
  /** What each running operation does right now. */
  readonly #steps = new Map<string, string>();
  #reading: Promise<void> | undefined;
  #stale = false;

  constructor(client: Client, hostname: string, show: (overview: Overview) => void) {
    this.#client = client;
    this.#hostname = hostname;
    this.#show = show;
  }

  /** Rejects when the daemon refuses, or stays away. */
  async follow(signal: AbortSignal): Promise<void> {
    const failed = Promise.withResolvers<never>();
    const refresh = () => void this.#refresh().catch(failed.reject);
    const events = async () => {
      for await (const event of this.#client.events({ signal, onConnect: refresh })) {
        this.#note(event);
        refresh();
      }
    };
    await Promise.race([events(), failed.promise]);
  }

  #note({ type, operation, data }: DaemonEvent): void {
    if (operation === undefined) return;
    if (type === "operation.step" && typeof data?.step === "string") this.#steps.set(operation, data.step);
    if (type === "operation.ended") this.#steps.delete(operation);
  }

  /** One read at a time; what happens meanwhile makes one more. */
  #refresh(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#stale = true;
      return this.#reading;
    }
    this.#reading = this.#readUntilFresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readUntilFresh(): Promise<void> {
    do {
      this.#stale = false;
      this.#show(await this.#read());
    } while (this.#stale);
  }

  async #read(): Promise<Overview> {
    const [daemon, instances] = await Promise.all([this.#client.health(), this.#client.instances.list()]);
    const rows = instances.map(async (instance) => {
      const ports = instance.status === "running" ? await this.#ports(instance.name) : [];
      const step = instance.operation === undefined ? undefined : this.#steps.get(instance.operation.id);
      return rowOf(instance, ports, step, this.#hostname);
    });
    return { daemon, rows: await Promise.all(rows) };
  }

  /** None of an instance that went away since the list was read. */
  async #ports(name: string): Promise<readonly PortMapping[]> {
    try {
      return (await this.#client.instances.ports(name)).ports;
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "not_found" || error.code === "wrong_state")) {
        return [];
      }
      throw error;
    }
  }
}
