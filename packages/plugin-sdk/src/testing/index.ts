export { type CommandInput, type CommandOptions, type CommandResult, runCommand } from "./command.ts";
export { type ContextBuilder, type LogLine, newContext, type TestContext, type TestPort } from "./context.ts";
export type { FakeContainerState } from "./fake-container.ts";
export { FakeDocker } from "./fake-docker.ts";
export type { FakeImages } from "./fake-images.ts";
export { type FakeProgram, FakePrograms, type ProgramCall } from "./fake-programs.ts";
export { newProgress, type RecordedProgress } from "./progress.ts";
