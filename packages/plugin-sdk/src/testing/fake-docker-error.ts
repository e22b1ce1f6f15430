/** As dockerode rejects: a status code to decide by, and the engine's sentence. */
export function dockerError(statusCode: number, message: string): Error & { statusCode: number } {
  return Object.assign(new Error(`(HTTP code ${statusCode}) ${message}`), { statusCode });
}
