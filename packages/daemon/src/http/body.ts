import type { IncomingMessage } from "node:http";
import { bodyBounds } from "@dockersnap/contract/routes";
import { DockersnapError } from "@dockersnap/contract/words";
import { fieldName, type Problems } from "./problems.ts";

/** Types a body may have and be something else than JSON for sure. */
const otherTypes =
  /^(multipart|image|audio|video|font)\/|^(text|application)\/(html|xml|css|javascript)$|\+xml$|^application\/(pdf|zip|gzip|x-tar|yaml|x-yaml)$|^text\/(yaml|csv)$/;

/** How much of a body that is too large is taken all the same, and for how long. */
const drain = { bytes: 64 * 1_048_576, ms: 5_000 };

/**
 * The whole body, at most `limit` bytes whether they were announced or not; `payload_too_large` beyond. What is too much
 * flows away unkept before that is said: most clients read the answer only once they have sent everything, and would
 * find the connection broken instead.
 */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let impatience: NodeJS.Timeout | undefined;
    const settle = (act: () => void) => {
      clearTimeout(impatience);
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      act();
    };
    const refuse = () =>
      settle(() => {
        const words = `The body is larger than ${limit} bytes, the most the daemon reads.`;
        reject(new DockersnapError("payload_too_large", words));
      });
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      impatience ??= setTimeout(refuse, drain.ms);
      if (bytes > drain.bytes) refuse();
    };
    const onEnd = () => {
      if (bytes > limit) refuse();
      else settle(() => resolve(Buffer.concat(chunks)));
    };
    const onClose = () =>
      settle(() => reject(new DockersnapError("invalid_request", "The connection ended before the body did.")));
    if (Number(incoming.headers["content-length"] ?? 0) > drain.bytes) refuse();
    else if (incoming.readableEnded) onEnd();
    else if (incoming.destroyed) onClose();
    else incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

/**
 * The JSON in a body. Clients send JSON under many types, none at all or a form's (as `curl -d` does), so only what is
 * clearly something else is `unsupported_media_type`.
 */
export function parseJson(body: Buffer, headers: IncomingMessage["headers"]): unknown {
  const [type = "", ...parameters] = (headers["content-type"] ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const encoding = headers["content-encoding"] ?? "identity";
  if (otherTypes.test(type)) throw unsupported(`The body is ${type}`);
  if (encoding !== "identity") throw unsupported(`The body is encoded with ${encoding}`);
  if (charset !== undefined && !/^"?(utf-?8|us-ascii)"?$/.test(charset)) throw unsupported(`The body is in ${charset}`);
  const text = decode(body);
  if (text.trim() === "") throw new DockersnapError("invalid_request", "The body is empty; expected a JSON object.");
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (type === "application/x-www-form-urlencoded") throw unsupported("The body is a form");
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new DockersnapError("invalid_request", `The body is not valid JSON: ${words}.`, { cause });
  }
}

function unsupported(what: string): DockersnapError {
  return new DockersnapError(
    "unsupported_media_type",
    `${what}; expected JSON in UTF-8. Send it with the header 'Content-Type: application/json'.`,
  );
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new DockersnapError("invalid_request", "The body is not valid UTF-8.", { cause });
  }
}

/**
 * Add what JSON allows and no field of ours can hold: numbers that would be changed, names that mean something to JavaScript,
 * and more values than any request needs, so that what comes after this looks at few.
 */
export function addOddities(problems: Problems, root: unknown): void {
  const open: Place[] = [{ value: root, depth: 0 }];
  let values = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const place = next;
    const { value, depth } = place;
    const say = (rest: string) =>
      problems.add(() => {
        const field = fieldName(pathOf(place));
        return { field, sentence: `field ${JSON.stringify(field)}: ${rest}` };
      });
    if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      say(`expected a number between -${Number.MAX_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}, or a string`);
    }
    if (typeof value !== "object" || value === null) continue;
    if (depth >= bodyBounds.levels) {
      sayOfBody(problems, `the body is nested more than ${bodyBounds.levels} levels deep`);
      return;
    }
    if (Object.hasOwn(value, "__proto__")) say('expected no field called "__proto__"');
    for (const key of Object.keys(value)) {
      values += 1;
      if (values > bodyBounds.values) {
        sayOfBody(problems, `the body has more than ${bodyBounds.values} values in it`);
        return;
      }
      const step = Array.isArray(value) ? Number(key) : key;
      open.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1, step, parent: place });
    }
  }
}

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly step?: PropertyKey;
  readonly parent?: Place;
}

function pathOf(place: Place): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let at: Place | undefined = place; at?.step !== undefined; at = at.parent) path.unshift(at.step);
  return path;
}

function sayOfBody(problems: Problems, sentence: string): void {
  problems.add(() => ({ field: "", sentence }));
}
