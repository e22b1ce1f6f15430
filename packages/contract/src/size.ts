const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people are told of them: such as `0 B`, `640 KiB`, `1.5 GiB`: three digits at most. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
