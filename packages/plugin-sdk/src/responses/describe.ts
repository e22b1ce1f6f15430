import { contractVersion, type DescribeResponse } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";

/** What the workload is and how it stands. */
export interface DescribeResult {
  /** A word such as `running`. */
  readonly status: string;
  /** The plugin's name unless given. */
  readonly workloadType?: string;
  /** The forwarded ports unless given. */
  readonly ports?: readonly {
    readonly label: string;
    readonly containerPort: number;
    readonly protocol?: "tcp" | "udp";
  }[];
  /** The instance's configuration unless given: leave out what must stay secret. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly details?: Readonly<Record<string, unknown>>;
}

export function describeResponse(pluginName: string, ctx: Context, result: DescribeResult): DescribeResponse {
  const ports = result.ports ?? ctx.forwardedPorts;
  return {
    contract_version: contractVersion,
    workload_type: result.workloadType ?? pluginName,
    status: result.status,
    ports: ports.map(({ label, containerPort, protocol = "tcp" }) => ({
      label,
      container_port: containerPort,
      protocol,
    })),
    config: { ...(result.config ?? ctx.config.values) },
    details: { ...result.details },
  };
}
