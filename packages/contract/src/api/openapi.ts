import * as z from "zod";
import { type ErrorCode, errorCodes } from "../errors.ts";
import { ProgressEvent } from "../plugin/responses.ts";
import { ApiError } from "./daemon.ts";
import { IdempotencyKey, LastEventId } from "./headers.ts";
import * as shapes from "./index.ts";
import { type Answer, bodyBounds, commonFailures, mayBeLeftOut, type Route } from "./route.ts";
import { routes } from "./routes/index.ts";

type Json = Readonly<Record<string, unknown>>;

/** Shapes that stand under `components`, each by the name it has in this package. */
function namedShapes(): Map<z.ZodType, string> {
  const found = Object.entries({ ...shapes, ProgressEvent }).filter(([, shape]) => shape instanceof z.ZodType);
  return new Map(found.map(([name, shape]) => [shape as unknown as z.ZodType, name]));
}

/** The OpenAPI 3.1 document of `routes`, made from the schemas that check the requests. */
export function openApiDocument(version: string): Json {
  const names = namedShapes();
  const refer = (shape: z.ZodType): Json => {
    const name = names.get(shape);
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    if (shape instanceof z.ZodArray) return { type: "array", items: refer(shape.element as z.ZodType) };
    return plainSchema(shape);
  };
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, route] of Object.entries<Route>(routes)) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = describeRoute(id, route, refer);
    paths[route.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "dockersnap",
      version,
      description:
        "Isolated Docker engines on this host, with snapshots, reverts and clones of all that is in them. Whatever changes an instance is an operation, which goes on when its caller goes away.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:9847" }],
    paths,
    components: {
      schemas: componentSchemas(names),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "api.token, where the daemon has one." },
      },
    },
  };
}

function describeRoute(id: string, route: Route, refer: (shape: z.ZodType) => Json): Json {
  const parameters = [
    ...Object.entries(route.params ?? {}).map(([name, shape]) => parameter("path", name, refer(shape))),
    ...Object.entries(route.query?.shape ?? {}).map(([name, shape]) =>
      parameter("query", name, refer(shape as z.ZodType), (shape as z.ZodType).description),
    ),
    ...(route.operation === true ? operationHeaders : []),
    ...(id === "followEvents" ? [resumeHeader] : []),
  ];
  return {
    operationId: id,
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            description: bodyRules,
            required: !mayBeLeftOut(route.body),
            content: { "application/json": { schema: refer(route.body) } },
          },
        }),
    responses: { ...successes(route, refer), ...failures(route, refer) },
    security: route.needs === "nothing" ? [] : [{ token: [] }, {}],
  };
}

function parameter(place: string, name: string, schema: Json, description?: string): Json {
  return { in: place, name, required: place === "path", ...(description === undefined ? {} : { description }), schema };
}

/** What the schema of a body cannot say. */
const bodyRules =
  `Nested at most ${bodyBounds.levels} levels deep, with at most ${bodyBounds.values} values. Numbers are between -${Number.MAX_SAFE_INTEGER} ` +
  `and ${Number.MAX_SAFE_INTEGER}, and no field is called "__proto__", in \`config\` too. ` +
  'A field that is `null` or `""` where the schema does not allow it counts as left out; one that is not known is ignored with a warning.';

const operationHeaders = [
  parameter(
    "header",
    "Idempotency-Key",
    plainSchema(IdempotencyKey),
    "A repeat with the same key answers with the first one's operation.",
  ),
  parameter(
    "header",
    "Prefer",
    { type: "string", examples: ["respond-async"] },
    "`respond-async` answers 202 at once.",
  ),
];

const resumeHeader = parameter(
  "header",
  "Last-Event-ID",
  plainSchema(LastEventId),
  "Resumes after the event with this id.",
);

function successes(route: Route, refer: (shape: z.ZodType) => Json): Json {
  const plain = content(route.answer, refer);
  if (route.operation !== true) return { [route.answer.status]: plain };
  const ndjson = { "application/x-ndjson": { schema: refer(ProgressEvent) } };
  const streamed = {
    description: "With `Accept: application/x-ndjson`: one event a line as it happens, the last one telling the end.",
    headers: { "Dockersnap-Operation": { description: "The operation's id.", schema: { type: "string" } } },
  };
  const ok = route.answer.status === 200 ? plain : undefined;
  return {
    200:
      ok === undefined
        ? { ...streamed, content: ndjson }
        : { ...ok, headers: streamed.headers, content: { ...(ok.content as Json), ...ndjson } },
    ...(ok === undefined ? { [route.answer.status]: plain } : {}),
    202: {
      description: "With `Prefer: respond-async`: the operation goes on.",
      headers: { Location: { description: "Where the operation is.", schema: { type: "string" } } },
      content: { "application/json": { schema: refer(shapes.Operation) } },
    },
  };
}

function content({ means, body, type = "application/json" }: Answer, refer: (shape: z.ZodType) => Json): Json {
  return { description: means, ...(body === undefined ? {} : { content: { [type]: { schema: refer(body) } } }) };
}

function failures(route: Route, refer: (shape: z.ZodType) => Json): Json {
  const open = route.needs === "nothing";
  const codes: ErrorCode[] = [...route.fails, ...commonFailures.filter((code) => !(open && code === "unauthorized"))];
  const byStatus = Map.groupBy(new Set(codes), (code) => errorCodes[code].status);
  const schema = refer(ApiError);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, group]) => [
        status,
        {
          description: group.map((code) => `\`${code}\`: ${errorCodes[code].meaning}`).join(" "),
          content: { "application/json": { schema } },
        },
      ]),
  );
}

function plainSchema(shape: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, { io: "input" });
  return schema;
}

function componentSchemas(names: ReadonlyMap<z.ZodType, string>): Json {
  const registry = z.registry<{ id: string }>();
  for (const [shape, id] of names) registry.add(shape, { id });
  // As input, because as output every object would be closed to the fields of a later version.
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas)
      .sort(([a], [b]) => a.localeCompare(b, "en"))
      .map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, schema]),
  );
}
