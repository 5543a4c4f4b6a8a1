import { CertgateError } from '@certgate/core';

/** The servers and apps that have a gate. Two would decide everything twice, and log it twice. */
const securedTargets = new WeakSet<object>();

/** @throws {CertgateError} where this was said of the same server or app before. */
export function noteSecured(who: string, target: object): void {
  if (securedTargets.has(target))
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      `${who} was called twice for the same server or app. Call it once.`,
    );
  securedTargets.add(target);
}
