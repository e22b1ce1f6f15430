const reasons: Readonly<Record<number, string>> = {
  304: "not modified",
  404: "not found",
  409: "conflict",
  500: "server error",
};

/** As dockerode rejects: a status code to decide by, and a sentence around the engine's words. */
export function dockerError(statusCode: number, message: string): Error & { statusCode: number } {
  const reason = reasons[statusCode];
  const sentence = `(HTTP code ${statusCode}) ${reason ?? "unexpected"} - ${message} `;
  return Object.assign(new Error(sentence), { statusCode, reason });
}
