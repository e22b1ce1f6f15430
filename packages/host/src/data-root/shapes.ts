import * as z from "zod";

/** Files of other versions of Docker, and broken ones, may have anything anywhere: a field that does not fit is as one left out. */
export const word = z.string().catch("");
export const words = z.array(z.string()).nullish().catch(undefined);
export const flag = z.boolean().catch(false);
export const pairs = z.record(z.string(), z.string()).nullish().catch(undefined);

/** Parts of a path in a data-root. */
export const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const hexPattern = /^[0-9a-f]{64}$/;
/** Folders in `overlay2`. */
export const layerPattern = /^[0-9a-z]{1,128}(-init)?$/;
export const volumePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
