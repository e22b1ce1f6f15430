export function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

export function mib(bytes: number): string {
  return String(Math.floor(bytes / 1024 ** 2));
}
