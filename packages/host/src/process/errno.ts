/** Whether the kernel refused with one of these: `ENOENT`, `EBUSY`… */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && names.includes(error.code);
}
