import { type Denial, deny } from '../denial.js';
import { type FieldContent, joinLines } from './front-end.js';

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
  content: FieldContent,
  success: string,
): Denial<'certificate_verification_failed'> | undefined {
  const result = joinLines(content);
  if (result === success || result === unverified) return undefined;
  const isSaid = result !== null && result !== undefined && result !== '';
  const said = isSaid ? { said: result.slice(0, maximumShown) } : {};
  return deny('certificate_verification_failed', { header: field, accepted: success, ...said });
}

const maximumShown = 100;
