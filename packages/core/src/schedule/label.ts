/** A label for a snapshot taken at `time`; `number` tells those of the same second apart. */
export function labelAt(template: string, time: Date, number = 1): string {
  const word = time
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  return template.replace("{time}", word) + (number === 1 ? "" : `-${number}`);
}
