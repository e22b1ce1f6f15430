/** One shell's words for setting and unsetting exported variables, safe in `eval` quoted and not. */
export interface Dialect {
  /** `value` holds no NUL character. */
  export(name: string, value: string): string;
  unset(name: string): string;
}
