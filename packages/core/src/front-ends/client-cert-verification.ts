import { type Denial, deny } from '../denial.js';
import { type FieldContent, joinLines } from './front-end.js';

/**
 * The text that the operator's configuration of a front end sends in place of a result if the front end doesn't verify
 * certificates, so that only the trust document decides. Operators who write it know that nothing is verified.
 */
export const unverified = 'UNVERIFIED';

/**
 * Denies a certificate unless the front end says that it verified the certificate, or the operator states that nothing
 * was verified. Any other result refuses, because the front end may know something that the gate doesn't, such as a
 * revocation.
 */
export function findVerificationDenial(
  field: string,
  content: FieldContent,
  success: string,
): Denial<'certificate_verification_failed'> | undefined {
  const result = joinLines(content);
  if (result === success || result === unverified) return undefined;
  const hasResult = result !== null && result !== undefined && result !== '';
  const shown = hasResult ? { said: result.slice(0, maximumShown) } : {};
  return deny('certificate_verification_failed', { header: field, accepted: success, ...shown });
}

const maximumShown = 100;
