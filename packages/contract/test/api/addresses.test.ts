import { expect, it } from "vitest";
import * as z from "zod";
import { type Address, addresses, type RouteId } from "../../src/api/addresses.ts";
import { type Route, routes } from "../../src/api/routes/index.ts";

const ids = Object.keys(addresses) as RouteId[];
const route = (id: RouteId): Route => routes[id];
const address = (id: RouteId): Address => addresses[id];

it("has an address for every route, and a route for every address", () => {
  expect(Object.keys(routes).sort()).toEqual([...ids].sort());
});

it.each(ids)("has %s at the address of that id, with a schema for each parameter of its path", (id) => {
  expect(route(id)).toMatchObject(address(id));
  const parameters = [...address(id).path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
  expect(Object.keys(route(id).params ?? {})).toEqual(parameters);
});

it.each(ids)("says of %s whether a list, an object or nothing answers, as its schema does", (id) => {
  const { status, body } = route(id).answer;
  const given = body instanceof z.ZodArray ? "list" : body === undefined ? "nothing" : undefined;
  expect(address(id).gives).toBe(given);
  expect(status === 204).toBe(given === "nothing");
});

it("has no two routes at one address", () => {
  const places = ids.map((id) => `${address(id).method} ${address(id).path}`);
  expect(new Set(places).size).toBe(places.length);
});
