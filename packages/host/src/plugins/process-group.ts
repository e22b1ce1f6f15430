/** Signal every process of a group. False when nobody is left in it. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return kill(leader, signal);
}

/** Whether any process of the group is left, one nobody reaped counting as such. */
export function isGroupAlive(leader: number): boolean {
  return kill(leader, 0);
}

function kill(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    // The number stays a group's as long as anyone is in it, also after the leader itself was reaped.
    return process.kill(-leader, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
