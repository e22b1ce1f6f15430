import type { Limits } from "@dockersnap/contract/words";
import type { EngineCgroup } from "../cgroups/index.ts";
import type { SandboxCommand } from "../sandbox.ts";

export interface Launch {
  readonly name: string;
  readonly group: EngineCgroup;
  readonly command: SandboxCommand;
  readonly limits: Limits | undefined;
  /** What the sandbox's programs have to say is appended here. */
  readonly log: string;
}

/** Who is parent to sandboxes, so that they outlive the daemon. */
export interface Supervision {
  readonly kind: "direct" | "systemd";
  /** Folder of the hierarchies under which engines' groups are, and the group's name there. */
  readonly cgroupParent: string;
  groupName(instance: string): string;
  /** The instance whose group has this name, if it is one. */
  instanceOf(groupName: string): string | undefined;

  /** Start the sandbox bounded and in its control group, and resolve when it is ready; the group is there already. */
  launch(launch: Launch, signal: AbortSignal): Promise<void>;
  /** Hold a sandbox that was launched to these limits from now on, and to no others. */
  limit(name: string, group: EngineCgroup, limits: Limits): Promise<void>;
  /** Forget a sandbox whose processes have all ended. An unknown one is forgotten already. */
  forget(name: string): Promise<void>;
}
