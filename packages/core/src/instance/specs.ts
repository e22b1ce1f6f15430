import type { EngineSpec } from "../engine/engine.ts";
import { type InstanceAddresses, instanceAddresses } from "../network/addresses.ts";
import { chosenPorts } from "../network/chosen-ports.ts";
import type { NetworkSpec } from "../network/network.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord } from "../records/records.ts";

/** An instance's record in the words of each adapter. */
export class Specs {
  readonly #platform: Pick<Platform, "network" | "storage" | "settings">;

  constructor(platform: Pick<Platform, "network" | "storage" | "settings">) {
    this.#platform = platform;
  }

  addresses(record: Pick<InstanceRecord, "subnetIndex">): InstanceAddresses {
    return instanceAddresses(this.#platform.settings.range, record.subnetIndex);
  }

  network(record: InstanceRecord): NetworkSpec {
    return { name: record.name, addresses: this.addresses(record) };
  }

  engine(record: InstanceRecord): EngineSpec {
    const { network, storage } = this.#platform;
    const { host, subnet } = this.addresses(record);
    return {
      name: record.name,
      id: record.engineId,
      hostAddress: host,
      subnet,
      dataRoot: storage.path(record.name),
      netnsPath: network.netnsPath(record.name),
      resolvConf: network.resolvConf(record.name),
      chosenPorts: chosenPorts(record.subnetIndex),
      options: record.engineOptions ?? {},
      limits: record.limits,
    };
  }
}
