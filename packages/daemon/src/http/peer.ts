/** The address at the other end of a connection. */
export function peerOf(socket: { readonly remoteAddress?: string | undefined }): string {
  return (socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
}
