export { type OpenRecords, openRecords, viewRecords } from "./open.ts";
