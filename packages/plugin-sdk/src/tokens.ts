/** Stands for the address the client reached the daemon by; good in env values, file contents and URLs of an access result. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
export const hostToken = "${HOST}";

/**
 * Stands for the folder on the client's machine that the files of an access result are written to, without a slash at the end:
 * a file in it is `${accessDir}/name`.
 */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
export const accessDir = "${ACCESS_DIR}";

/** Stands for the host port of the forwarded port with this label. */
export const portToken = (label: string) => `\${PORT:${label}}`;
