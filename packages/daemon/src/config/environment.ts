import { nearest } from "@dockersnap/contract/words";
import type { Written } from "./file.ts";
import { type KeyName, keyNames, keys, variableOf } from "./keys.ts";
import type { Problems } from "./problems.ts";

/** What the environment sets. A variable of a known section that no key has is a problem; others are not ours. */
export function readEnvironment(env: NodeJS.ProcessEnv, problems: Problems): Map<KeyName, Written> {
  const byVariable = new Map(keyNames.map((name) => [variableOf(name), name]));
  const sections = new Set(keyNames.map((name) => `${variableOf(name.split(/[._]/)[0] ?? "")}_`));
  const written = new Map<KeyName, Written>();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined) continue;
    const name = byVariable.get(variable);
    const origin = { name: variable };
    if (name !== undefined) {
      // An empty one is not set: it must not take away what the file says, unless that is a value too.
      if (text !== "" || mayBeEmpty(name)) written.set(name, { text, origin });
    } else if ([...sections].some((section) => variable.startsWith(section))) {
      const near = nearest(variable, byVariable.keys());
      problems.add(origin, `there is no such setting.${near === undefined ? "" : ` Did you mean ${near}?`}`);
    }
  }
  return written;
}

function mayBeEmpty(name: KeyName): boolean {
  const { type, mayBeEmpty: isValue } = keys[name] as (typeof keys)[KeyName] & { mayBeEmpty?: true };
  return isValue === true || type.list === true;
}
