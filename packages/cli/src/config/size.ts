const units: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of a size such as `512m`, `2g` or `1.5GiB`; undefined for anything else. */
export function bytesOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = units[unit?.toLowerCase() ?? "?"];
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor);
}
