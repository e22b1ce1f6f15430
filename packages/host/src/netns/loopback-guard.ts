import { CommandError } from "../process/commandError.ts";
import { runTool } from "../process/tool.ts";
import { fields, list } from "./json.ts";

/**
 * Drops what comes in over an instance's link for the host's loopback, before netfilter has a say: for the answers to its own
 * clients there the link has `route_localnet`, and the nftables table that guards it may be flushed by any firewall.
 *
 * As classic BPF, which needs no other part of the kernel than the classifier itself: for an IPv4 packet (12, 0x0800) whose
 * destination (30) begins with 127 it says "drop" (2), for all others "go on" (-1).
 */
const program = "6,40 0 0 12,21 0 3 2048,48 0 0 30,21 0 1 127,6 0 0 2,6 0 0 4294967295";

/**
 * Put the guard on a device. Twice changes nothing. A kernel or a host that has no such filter goes without: `unguarded`
 * tells.
 */
export async function guardLoopback(device: string): Promise<void> {
  const commands = [
    `qdisc replace dev ${device} clsact`,
    `filter replace dev ${device} ingress protocol all prio 1 handle 1 bpf da bytecode "${program}"`,
  ];
  try {
    await runTool("tc", ["-batch", "-"], { input: `${commands.join("\n")}\n` });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

/** Those of these devices that lack the guard. Each must be there. */
export async function unguarded(devices: readonly string[]): Promise<readonly string[]> {
  if (devices.length === 0) return [];
  const commands = devices.map((device) => `filter show dev ${device} ingress\n`);
  const shown = (await printed(commands.join("")))
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => list(JSON.parse(line)).map(fields));
  return devices.filter((_device, index) => !(shown[index] ?? []).some(isGuard));
}

/** Nothing where there is no `tc`, or one of the devices has just gone. */
async function printed(commands: string): Promise<string> {
  try {
    return (await runTool("tc", ["-json", "-batch", "-"], { input: commands, maxOutput: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    if (error instanceof CommandError) return error.stdout;
    throw error;
  }
}

function isGuard({ protocol, options }: ReturnType<typeof fields>): boolean {
  const { bytecode } = fields(options);
  return protocol === "all" && fields(bytecode).length !== undefined && spelled(fields(bytecode)) === program;
}

/** tc prints the program as numbers of instructions. */
function spelled({ length, insns }: ReturnType<typeof fields>): string {
  const words = list(insns).map((each) => {
    const { code, jt, jf, k } = fields(each);
    return [code, jt, jf, k].join(" ");
  });
  return [length, ...words].join(",");
}
