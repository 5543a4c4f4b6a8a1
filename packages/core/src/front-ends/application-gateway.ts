import { findVerificationDenial } from './client-cert-verification.js';
import { createFrontEnd, type FrontEnd, joinLines } from './front-end.js';
import { extractPemBlock } from './pem-block.js';

const verificationField = 'x-client-certificate-verification';

/** The value of the server variable for a certificate under mutual authentication in passthrough mode. */
const passedThrough = 'PASSTHROUGH';

/**
 * Azure Application Gateway v2 with mutual authentication.
 *
 * - **Grammar**: the server variable `client_certificate`, the leaf as a percent-encoded PEM block, as nginx writes it.
 *   The tests are based on two published captures (docs/front-ends.md). There is no variable for the chain.
 * - **Verification**: `client_certificate_verification` is `SUCCESS` in strict mode. In passthrough mode it is
 *   `PASSTHROUGH`: nothing was verified, and only the trust document decides.
 * - **A field that the caller sent**: a rewrite rule that sets the field replaces it. A listener without that rule
 *   forwards it unchanged.
 * - **The operator configures**: mutual authentication, and a rewrite rule that sets both fields and the secret.
 */
export const applicationGateway: FrontEnd = createFrontEnd(
  'application-gateway',
  ['x-client-certificate', verificationField],
  (text, findField) => {
    const result = findField(verificationField);
    const denial =
      joinLines(result) === passedThrough ? undefined : findVerificationDenial(verificationField, result, 'SUCCESS');
    return denial ?? extractPemBlock(text);
  },
);
