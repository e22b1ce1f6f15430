const answerWithinMs = 3000;

/** The status code of the answer, or what went wrong where there was none. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number | string> {
  // Only this command needs it, and it takes a while to load.
  const { get } = await import("node:http");
  return new Promise((resolve) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const request = get(url, { signal: bounded }, (response) => {
      response.resume();
      resolve(response.statusCode ?? "no status");
    });
    request.on("error", (error: NodeJS.ErrnoException) =>
      resolve(bounded.aborted ? `no answer within ${answerWithinMs} ms` : (error.code ?? error.message)),
    );
  });
}
