const reasons: Readonly<Record<number, string>> = {
  304: "not modified",
  404: "not found",
  409: "conflict",
  500: "server error",
};

/** As dockerode rejects: a status code to decide by, and a sentence that the engine's own words end. */
export function dockerError(statusCode: number, message: string): Error & { statusCode: number } {
  const reason = reasons[statusCode] ?? "unexpected";
  return Object.assign(new Error(`(HTTP code ${statusCode}) ${reason} - ${message}`), { statusCode });
}
