import { needsEscape, printable, printableJson, printableYaml } from "@dockersnap/contract/words";

/** Text from elsewhere as one line of a table or a message, which it can neither end nor reorder. */
export function oneLine(text: string): string {
  return printable(withoutLineEnds(text.trim()));
}

/** What begins with blanks keeps them. */
export function withoutLineEnds(text: string): string {
  return text.replace(/\s*[\r\n]\s*/g, " ");
}

/** JSON with every character escaped that a terminal would act upon or hide: `JSON.stringify` lets most of them through. */
export function jsonText(value: unknown, indent?: number): string {
  return printableJson(JSON.stringify(value, null, indent));
}

/** YAML with the same escapes. */
export async function yamlText(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import("yaml");
  const document = new Document(value);
  // Only between double quotes are there escapes.
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string" && needsEscape(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // A line is not folded, for the library may fold within a character of two units.
  return printableYaml(document.toString({ lineWidth: 0 }));
}
