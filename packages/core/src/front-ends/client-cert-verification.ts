import { type Denial, deny } from '../denial.js';

/**
 * What the configuration of a front end says in place of a result where it doesn't verify certificates, and trust alone
 * decides: whoever writes it has read that.
 */
export const unverified = 'UNVERIFIED';

/**
 * A front end says beside each certificate whether it verified it. Anything but success, or the operator's own word that
 * nothing was verified, refuses: the front end may know of a revocation, say, that we don't.
 */
export function findVerificationDenial(
  field: string,
  result: string | null | undefined,
  success: string,
): Denial<'certificate_verification_failed'> | undefined {
  if (result === success || result === unverified) return undefined;
  const said =
    result === null || result === undefined || result === ''
      ? `The front end sent a certificate without ${field}.`
      : `The front end says ${JSON.stringify(result.slice(0, maximumShown))} in ${field}.`;
  return deny(
    'certificate_verification_failed',
    `${said} Only ${success} is accepted, or ${unverified} where the front end is not meant to verify certificates: see docs/front-ends.md.`,
  );
}

const maximumShown = 100;
