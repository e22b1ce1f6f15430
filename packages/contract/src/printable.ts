/**
 * Text of others that would not show as what it is: control characters, C1 ones included, the marks that reorder text, and
 * whatever is invisible. Line ends and tabs are no danger. What joins emoji, or letters of scripts that need it, stays where
 * it does that.
 */
const joiner = "(?:\\u200c|\\u200d|\\ufe0e|\\ufe0f)";
const joinable = "[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Script=Arabic}\\p{M}]";
const unprintable = new RegExp(
  [
    "(?![\\n\\t])\\p{Cc}",
    `(?!${joiner})\\p{Default_Ignorable_Code_Point}`,
    `(?<!${joinable})${joiner}(?!\\u20e3)`,
    "[\\u2028\\u2029\\ufff9-\\ufffb]",
  ].join("|"),
  "gu",
);

/** The same text, safe to show on a terminal and in a log. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(unprintable, "\ufffd");
}

/** The same beyond ASCII's own controls, which JSON and YAML escape by themselves, and wherever it stands. */
const hidden = /[\u007f-\u009f\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** JSON that says the same with no character in it that a terminal would act upon or hide. */
export function printableJson(json: string): string {
  return json.replace(hidden, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(""),
  );
}

/** The same for YAML in which every text that has such a character stands in double quotes. */
export function printableYaml(yaml: string): string {
  return yaml.replace(hidden, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
}

/** Whether `printableYaml` would change it. */
export function needsEscape(text: string): boolean {
  return text.search(hidden) !== -1;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
