import type { Docker, Progress } from "@dockersnap/plugin-sdk";

/** Made on the spot where no registry can be reached; it takes the same arguments. */
const fallback = { repo: "dockersnap/echo-busybox", tag: "1" };
const fallbackImage = `${fallback.repo}:${fallback.tag}`;

/** A registry that says nothing for so long is as good as none. */
const longestSilenceMs = 8000;

/** The image that is run where nobody asks for another one. */
export const defaultImage = "hashicorp/http-echo:latest";

/** An image that somebody asked for: it is there or is pulled. Rejects with why it cannot be had. */
export async function provideImage(
  docker: Docker,
  wanted: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  if (await isThere(docker, wanted)) return wanted;
  progress.step("pulling", `pulling ${wanted}`);
  const failure = await pull(docker, wanted, signal);
  if (failure === undefined) return wanted;
  signal.throwIfAborted();
  throw new Error(`The image ${wanted} cannot be pulled: ${failure.message}`);
}

/**
 * The default image if it is there or can be pulled, else one made of the host's own busybox, which the progress says.
 * Rejects with the pull's failure where there is no busybox either.
 */
export async function provideDefaultImage(docker: Docker, progress: Progress, signal: AbortSignal): Promise<string> {
  const wanted = defaultImage;
  const [isPulled, hasFallback] = await Promise.all([isThere(docker, wanted), isThere(docker, fallbackImage)]);
  if (isPulled) return wanted;
  progress.step("pulling", `pulling ${wanted}`);
  const [failure, archive] = await Promise.all([
    pull(docker, wanted, signal),
    hasFallback ? undefined : import("./busybox.ts").then(({ busyboxArchive }) => busyboxArchive()),
  ]);
  if (failure === undefined) return wanted;
  signal.throwIfAborted();
  if (hasFallback) return fallbackImage;
  if (archive === undefined) {
    throw new Error(
      `${wanted} cannot be pulled (${failure.message}), and this host has no static busybox to stand in.`,
    );
  }
  progress.step("importing", `${wanted} cannot be pulled (${failure.message}); using this host's busybox instead`);
  await finished(docker, await docker.importImage(archive, { ...fallback, changes: 'ENTRYPOINT ["/http-echo"]' }));
  return fallbackImage;
}

async function isThere(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return false;
    throw error;
  }
}

/** Why it could not be pulled, or undefined when it was. */
async function pull(docker: Docker, image: string, signal: AbortSignal): Promise<Error | undefined> {
  const silence = new AbortController();
  const giveUp = () => silence.abort(new Error(`the registry said nothing for ${longestSilenceMs / 1000} s`));
  const timer = setTimeout(giveUp, longestSilenceMs);
  try {
    const stream = await docker.pull(image, { abortSignal: AbortSignal.any([signal, silence.signal]) });
    await finished(docker, stream, () => timer.refresh());
    return undefined;
  } catch (error) {
    if (silence.signal.aborted) return silence.signal.reason;
    return error instanceof Error ? new Error(sentenceOf(error), { cause: error }) : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** The engine's own words, without what the client puts before them. */
const sentenceOf = (error: Error) => error.message.replace(/^\(HTTP code \d+\)[^-]*- /, "").trim();

const finished = (docker: Docker, stream: NodeJS.ReadableStream, onProgress?: () => void) =>
  new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()), onProgress);
  });
