/** The system's own word for a failure, such as `ENOENT`; undefined where it was none of the system's. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
