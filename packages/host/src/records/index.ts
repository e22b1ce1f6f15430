export { type OpenRecords, openRecords } from "./open.ts";
