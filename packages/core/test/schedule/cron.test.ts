import { expect, it } from "vitest";
import { parseCron } from "../../src/schedule/cron.ts";

const now = new Date("2026-11-22T10:20:30.500Z");

it.each([
  ["@hourly", "2026-11-22T11:00:00.000Z"],
  ["@daily", "2026-11-23T00:00:00.000Z"],
  ["30 3 * * 1-5", "2026-11-23T03:30:00.000Z"],
  ["* * * * * *", "2026-11-22T10:20:31.000Z"],
  ["0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
  ["15 10 22 11 *", "2027-11-22T10:15:00.000Z"],
])("%s comes next at %s, in UTC", (expression, next) => {
  expect(parseCron(expression, now).after(now)?.toISOString()).toBe(next);
});

it.each(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 0 1 1 * 2020"])("refuses %s, which never fires", (expression) => {
  expect(() => parseCron(expression, now)).toThrow(
    expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("never fires") }),
  );
});

it.each(["", " ", "hourly", "* * * *", "60 * * * *", "@reboot", "2027-01-01T00:00:00", "a".repeat(100)])(
  "refuses '%s', which is none",
  (expression) => {
    expect(() => parseCron(expression, now)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("0 3 * * *") }),
    );
  },
);
