import {
  type Access,
  DockersnapError,
  type Instance,
  type WorkloadAnswer,
  type WorkloadHealth,
} from "@dockersnap/contract/words";
import { type Context, clientHost, type HealthMonitor, type InstanceRecord, waits } from "@dockersnap/core";

interface Deps {
  readonly context: Context;
  readonly health: Pick<HealthMonitor, "get">;
}

/**
 * What a workload is asked for. Of an instance without one, or whose engine is down, the answer is what the daemon knows by
 * itself: programs ask every instance in a row, and there is nothing wrong with any of these.
 */
export class WorkloadAnswers {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async access(record: InstanceRecord, requestHost: string | undefined): Promise<Access> {
    const { platform, workloads } = this.#deps.context;
    const host = clientHost(platform.settings, requestHost);
    const socket = platform.engines.socketPath(record.name);
    if (await this.#isRunning(record)) return workloads.access(record, host, socket);
    const known = await workloads.access({ ...record, workload: undefined }, host, socket);
    return { ...known, warnings: [...(known.warnings ?? []), notRunning(record.name)] };
  }

  async description(record: InstanceRecord): Promise<WorkloadAnswer> {
    const { workload } = record;
    if (workload === undefined) return { workload_type: "none" };
    if (await this.#isRunning(record)) return this.#deps.context.workloads.describe(record);
    const { status } = await this.#deps.context.describe(record);
    return {
      workload_plugin: workload.plugin,
      // The plugin's own word for it is known once the engine runs.
      workload_type: workload.plugin,
      contract_version: workload.contractVersion,
      status,
      ports: [],
      config: { ...workload.config },
      details: {},
    };
  }

  async health(record: InstanceRecord, fresh: boolean): Promise<WorkloadHealth> {
    const { context, health } = this.#deps;
    const { workload } = record;
    const subject = {
      workload_plugin: workload?.plugin ?? "",
      contract_version: workload?.contractVersion ?? "",
    };
    if (!(await this.#isRunning(record))) {
      const check = workload === undefined ? withoutWorkload(record.name) : unasked(await context.describe(record));
      const checkedAt = context.platform.clock.now().toISOString();
      return { ...subject, healthy: check.ok, checks: [check], checked_at: checkedAt, consecutive_fails: 0 };
    }
    const known = await health.get(record.name, { fresh });
    const hasNothing = workload === undefined && known.checks.length === 0;
    return {
      ...subject,
      healthy: known.healthy,
      health: known.verdict,
      checks: hasNothing ? [withoutWorkload(record.name)] : [...known.checks],
      checked_at: known.checkedAt,
      consecutive_fails: known.consecutiveFails,
      ...(known.status === undefined ? {} : { status: known.status }),
      ...(known.message === undefined ? {} : { message: known.message }),
    };
  }

  /** Refused for a standby clone: it is suspended, so it would not answer. */
  async #isRunning(record: InstanceRecord): Promise<boolean> {
    if (record.purpose === "standby") throw waits(record);
    return (await this.#deps.context.platform.engines.state(record.name)) === "running";
  }
}

/** Such a request asks for what only a running engine can tell. */
export function refuseStopped(name: string): DockersnapError {
  return new DockersnapError("invalid_request", notRunning(name));
}

const notRunning = (name: string) => `Instance '${name}' is not running. Start it with 'dockersnap start ${name}'.`;

function withoutWorkload(name: string) {
  return { name: "workload", ok: true, message: `Instance '${name}' has no workload, so there is nothing to check.` };
}

/** A stopped workload is as well as it was asked to be; one whose engine is down by itself is not. */
function unasked({ name, status, error }: Instance) {
  return status === "error"
    ? { name: "engine", ok: false, message: error ?? notRunning(name) }
    : { name: "engine", ok: true, message: `Instance '${name}' is stopped, so its workload was not checked.` };
}
