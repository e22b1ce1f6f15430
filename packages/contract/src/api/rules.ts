import * as z from "zod";

/*
 * Rules that zod has no word for. Each is written once: the function adds the check to the schema, and beside it the keyword
 * by which the published document says the same.
 */

/** Text of at most so many characters, as people and JSON Schema count them: an emoji is one. */
export function textUpTo(most: number, text = z.string()): z.ZodString {
  return text
    .refine((sent) => sent.length <= most || [...sent].length <= most, { error: `expected at most ${most} characters` })
    .meta({ maxLength: most });
}

/** A record of at most so many entries. */
export function upToEntries<R extends z.ZodRecord>(most: number, record: R): R {
  return record
    .refine((entries) => Object.keys(entries as object).length <= most, { error: `expected at most ${most} entries` })
    .meta({ maxProperties: most });
}

/** An object with at least one of its fields. */
export function atLeastOneField<O extends z.ZodObject>(object: O): O {
  const names = Object.keys(object.shape);
  const listed = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return object
    .refine((fields) => names.some((name) => Object.hasOwn(fields as object, name)), {
      error: `expected at least one of ${listed}`,
    })
    .meta({ anyOf: names.map((name) => ({ required: [name] })) });
}

/** An object with a field that says what it is about, where each such word has fields of its own that the others do not take. */
export function ownFieldsOf<O extends z.ZodObject, Word extends string>(
  object: O,
  by: { readonly field: string; readonly absentMeans: NoInfer<Word> },
  own: Readonly<Record<Word, readonly string[]>>,
): O {
  const words = Object.keys(own) as Word[];
  const strangeTo = (word: Word) => words.filter((other) => other !== word).flatMap((other) => own[other]);
  return object
    .superRefine((value, context) => {
      const sent = value as Readonly<Record<string, unknown>>;
      const word = (sent[by.field] ?? by.absentMeans) as Word;
      for (const field of strangeTo(word).filter((one) => sent[one] !== undefined)) {
        context.addIssue({ code: "custom", path: [field], message: `expected none where the ${by.field} is ${word}` });
      }
    })
    .meta({
      anyOf: words.map((word) => ({
        properties: { [by.field]: { const: word } },
        ...(word === by.absentMeans ? {} : { required: [by.field] }),
        not: { anyOf: strangeTo(word).map((field) => ({ required: [field] })) },
      })),
    });
}
