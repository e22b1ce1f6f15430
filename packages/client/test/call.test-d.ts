import { createCalls } from "../src/call.ts";
import { createTransport } from "../src/transport.ts";

/*
 * Nothing here runs. The compiler reads it, and an error that is expected and does not come is one.
 */

const { call } = createCalls(createTransport({ baseUrl: "http://daemon.test", fetch: () => Promise.reject() }));
const name = "web";

export async function whatCompiles(): Promise<void> {
  const created: string = (await call("takeSnapshot", { name }, { label: "v1", mode: "paused" })).label;
  const all: string[] = (await call("listInstances", {}, { all: "true" })).map((instance) => instance.name);
  const nothing: undefined = await call("deleteSnapshot", { name, label: created }, undefined);
  void [all, nothing];
}

export async function whatDoesNot(): Promise<void> {
  // @ts-expect-error: there is no such route.
  await call("takeSnapshots", { name }, { label: "v1" });
  // @ts-expect-error: a stream is not one piece of JSON.
  await call("followEvents", {}, undefined);

  // @ts-expect-error: a parameter of the path is missing.
  await call("getInstance", {}, undefined);
  // @ts-expect-error: a parameter of the path has another name.
  await call("getInstance", { instance: name }, undefined);
  // @ts-expect-error: the path has one parameter more.
  await call("deleteSnapshot", { name }, undefined);
  // @ts-expect-error: the path has no parameter.
  await call("listPlugins", { name }, undefined);

  // @ts-expect-error: a field of the body is missing.
  await call("cloneInstance", { name }, { label: "v1" });
  // @ts-expect-error: the body has no such field.
  await call("takeSnapshot", { name }, { label: "v1", lable: "v1" });
  // @ts-expect-error: the field takes other words.
  await call("takeSnapshot", { name }, { label: "v1", mode: "frozen" });
  // @ts-expect-error: a body is needed.
  await call("takeSnapshot", { name }, undefined);
  // @ts-expect-error: nothing is sent.
  await call("startInstance", { name }, { label: "v1" });
  // @ts-expect-error: a query is text.
  await call("listInstances", {}, { all: true });

  // @ts-expect-error: the answer is one instance, not a list.
  (await call("getInstance", { name }, undefined)).map(String);
  // @ts-expect-error: the answer has no such field.
  (await call("getInstance", { name }, undefined)).state;
  // @ts-expect-error: the answer's field is text.
  const addresses: number = (await call("getInstance", { name }, undefined)).name;
  // @ts-expect-error: nothing answers.
  (await call("deleteInstance", { name }, undefined)).name;
  void addresses;
}
