/** Whether something can be had on this machine; `reason` is a sentence for the operator, or the end of one. */
export type HostProbe = { readonly usable: true } | { readonly usable: false; readonly reason: string };
