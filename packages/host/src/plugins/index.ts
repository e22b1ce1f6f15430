/** What runs one plugin and reads what it says, for a program that looks at plugins without a daemon. */

export { identify, killProcess } from "../process/identity.ts";
export { bounds } from "./bounds.ts";
export { callVariable } from "./calls-under-way.ts";
export { pluginEnvironment } from "./environment.ts";
export { describeEnding, notImplemented, ownWords } from "./failure.ts";
export { LineFramer } from "./framing.ts";
export { type Ending, invoke } from "./invoke.ts";
export { StderrReader } from "./log-forwarding.ts";
export { whyUntrusted } from "./ownership.ts";
export { PipeStock } from "./pipes.ts";
export { beginningOf, isBinary, isProgram } from "./program.ts";
export { parseEnvelope, parseEvent } from "./progress.ts";
export { parseResponse, ResponseReader } from "./response.ts";
export { defaultTimeouts } from "./timeouts.ts";
