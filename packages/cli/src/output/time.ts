/** How long ago, in one unit: `12s`, `3m`, `5h`, `2d`. */
export function age(timestamp: string, now = Date.now()): string {
  return inOneUnit(now - Date.parse(timestamp));
}

/** How long until then, in one unit; `0s` once it has come. */
export function timeLeft(timestamp: string, now = Date.now()): string {
  return inOneUnit(Date.parse(timestamp) - now);
}

function inOneUnit(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (Number.isNaN(seconds)) return "?";
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A span of milliseconds: `31 ms`, `2.1 s`, `3m 05s`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
}
