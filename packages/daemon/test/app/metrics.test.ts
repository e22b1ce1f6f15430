import perfHooks from "node:perf_hooks";
import { expect, it, vi } from "vitest";
import { Metrics } from "../../src/app/metrics.ts";

const sources = {
  statuses: async () => ["running", "running", "stopped"] as const,
  purposes: () => ["standby"] as const,
  pool: async () => ({ total_bytes: 100, free_bytes: 40, reserve_bytes: 10, state: "ok" }) as never,
  records: () => ({ total_bytes: 100, free_bytes: 30, reserve_bytes: 10 }) as never,
  network: async () => ({ faults: [{ what: "table", message: "It is missing." }], unknown: [] }) as never,
  uses: async () => [{ instance: "web", pids: 3 }],
};

it("counts what there is at the moment of the question", async () => {
  const text = await new Metrics(sources).text();
  expect(text).toContain('dockersnap_instances{status="running"} 2');
  expect(text).toContain('dockersnap_instance_pids{instance="web"} 3');
  expect(text).toContain('dockersnap_own_instances{purpose="standby"} 1');
  expect(text).toContain('dockersnap_pool_bytes{what="free"} 40');
  expect(text).toContain('dockersnap_records_bytes{what="free"} 30');
  expect(text).toContain('dockersnap_pool_state{state="read_only"} 0');
  expect(text).toContain("dockersnap_nodejs_eventloop_lag_seconds");
});

it("tells what of the host's network is wrong, and how often it was put right", async () => {
  const metrics = new Metrics(sources);
  metrics.hostRestored("table");
  metrics.hostRestored("mount");
  const text = await metrics.text();
  expect(text).toContain('dockersnap_host_faults{what="table"} 1');
  expect(text).toContain('dockersnap_host_restored_total{what="mount"} 1');
  expect(text).toContain('dockersnap_host_faults{what="link"} 0');
  expect(text).toContain('dockersnap_host_faults{what="mount"} 0');
  expect(text).toContain('dockersnap_host_restored_total{what="table"} 1');
  expect(text).toContain('dockersnap_host_restored_total{what="link"} 0');
});

it("has no timer that wakes an idle daemon", async () => {
  const monitor = vi.spyOn(perfHooks, "monitorEventLoopDelay");
  const text = await new Metrics(sources).text();
  for (const [options] of monitor.mock.calls) expect(options?.resolution).toBeGreaterThan(60_000);
  expect(monitor).toHaveBeenCalled();
  expect(text).not.toContain("eventloop_lag_mean");
});
