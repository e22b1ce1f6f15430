/** One shell's words for setting and unsetting exported variables, safe in `eval` quoted and not. */
export interface Dialect {
  /** `value` holds no NUL character. */
  export(name: string, value: string): string;
  unset(name: string): string;
  /** `statements` where each of these variables can be set as plain text, else `otherwise`, which tells that it failed. */
  guarded(names: readonly string[], statements: readonly string[], otherwise: readonly string[]): readonly string[];
}
