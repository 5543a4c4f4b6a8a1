/** The servers and apps that have a gate. Two would decide everything twice, and log it twice. */
const securedTargets = new WeakSet<object>();

/** @throws {Error} where this was said of the same server or app before. */
export function noteSecured(who: string, target: object): void {
  if (securedTargets.has(target)) throw new Error(`${who} was called twice for the same server or app. Call it once.`);
  securedTargets.add(target);
}
