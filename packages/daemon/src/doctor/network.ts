import { readFileSync } from "node:fs";
import { type DroppingChain, droppingChains } from "@dockersnap/host";
import type { Finding } from "./checks.ts";

/** What may keep packets from instances and their ports. A daemon that runs has switched forwarding on. */
export async function checkNetwork(daemonRuns: boolean): Promise<readonly Finding[]> {
  return [...(daemonRuns ? [checkForwarding()] : []), await checkFilters()];
}

function checkForwarding(): Finding {
  const subject = "network: forwarding";
  if (readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1") return { subject, seen: "on" };
  return {
    subject,
    seen: "off",
    advice:
      "Something switched it off after the daemon's start, so nothing gets to instances: set net.ipv4.ip_forward to 1 and look at /etc/sysctl.d.",
  };
}

async function checkFilters(): Promise<Finding> {
  const subject = "network: filters";
  try {
    return judgeFilters(subject, await droppingChains());
  } catch {
    return { subject, seen: "not looked at: nft does not list them" };
  }
}

function judgeFilters(subject: string, chains: readonly DroppingChain[]): Finding {
  if (chains.length === 0) return { subject, seen: "none that drops what it does not know" };
  return {
    subject,
    seen: chains.map(({ table, chain }) => `table ${table}, chain ${chain}`).join("; "),
    hint:
      "It drops what it does not know, and no rule of the daemon's can overrule that. If instances cannot reach the network or their " +
      "ports do not answer, let the devices 've-*' pass there (firewalld: 'firewall-cmd --zone=trusted --add-interface=ve-<instance>').",
  };
}
