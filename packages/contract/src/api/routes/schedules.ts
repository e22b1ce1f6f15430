import * as z from "zod";
import { addresses } from "../addresses.ts";
import type { Route } from "../route.ts";
import { Schedule, ScheduleId, ScheduleRequest } from "../schedule.ts";
import { bodyFailures, instance, operationFailures } from "./parts.ts";

export const schedulesRoutes = {
  listSchedules: {
    ...addresses.listSchedules,
    summary: "List the schedules of an instance",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The schedules, by name.", body: z.array(Schedule) },
    fails: ["invalid_request", "not_found"],
  },
  addSchedule: {
    ...addresses.addSchedule,
    summary: "Schedule snapshots of an instance and their retention, or the verification of the newest snapshot",
    needs: "operate",
    params: instance,
    body: ScheduleRequest,
    answer: { status: 201, means: "The schedule.", body: Schedule },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists"],
  },
  removeSchedule: {
    ...addresses.removeSchedule,
    summary: "Remove a schedule; its snapshots are kept",
    needs: "operate",
    params: { ...instance, id: ScheduleId },
    answer: { status: 204, means: "The schedule is removed." },
    fails: [...operationFailures, "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
