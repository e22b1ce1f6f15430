import { expect, it } from "vitest";
import { parseEngineOptions } from "../../src/config/engine-options.ts";

it.each([
  [[], undefined],
  [["live-restore=false"], { "live-restore": false }],
  [["registry-mirrors=http://a"], { "registry-mirrors": ["http://a"] }],
  [["dns=10.0.0.1", "dns=10.0.0.2"], { dns: ["10.0.0.1", "10.0.0.2"] }],
  [['dns=["10.0.0.1"]', "dns=10.0.0.2"], { dns: ["10.0.0.1", "10.0.0.2"] }],
  [["log-opts.max-size=50m", "log-opts.max-file=2"], { "log-opts": { "max-size": "50m", "max-file": 2 } }],
  [['log-opts={"tag":"x"}', "log-opts.a.b=1"], { "log-opts": { tag: "x", "a.b": 1 } }],
  [
    ['default-ulimits={"nofile":{"Name":"nofile","Hard":9,"Soft":8}}'],
    { "default-ulimits": { nofile: { Name: "nofile", Hard: 9, Soft: 8 } } },
  ],
  [["mtu=1400", "mtu=1500"], { mtu: 1500 }],
  [["__proto__.x=1"], JSON.parse('{"__proto__": {"x": 1}}')],
])("%j are %j", (pairs, options) => {
  expect(parseEngineOptions(pairs)).toEqual(options);
});

it.each([
  ["mtu", "'--engine mtu' has no key: expected --engine key=value."],
  ["=1", "has no key"],
])("refuses %j", (pair, words) => {
  expect(() => parseEngineOptions([pair])).toThrow(words);
});

it("refuses a part of what is given as a whole", () => {
  expect(() => parseEngineOptions(["log-opts=x", "log-opts.tag=y"])).toThrow("Leave one out.");
});
