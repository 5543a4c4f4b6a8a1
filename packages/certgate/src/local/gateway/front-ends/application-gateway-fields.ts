import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import type { RawField } from '../exchange/raw-fields.js';
import { escapePem } from './certificate-encoding.js';
import { removeLookalikes } from './client-fields.js';

const [certificateField, verificationField] = ['X-Client-Certificate', 'X-Client-Certificate-Verification'];
const ownFields = [certificateField, verificationField].map((name) => name.toLowerCase());

/**
 * Azure Application Gateway v2 with mutual authentication in passthrough mode, and a rewrite rule that sets both fields:
 * its own words for "not verified" are `PASSTHROUGH`, and `NONE` without a certificate.
 *
 * The rule replaces a field that the client sent. What becomes of a second line of it, or of one with underscores, isn't
 * documented: in the worst case both reach the app.
 */
export const applicationGateway: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields, worstCase) =>
    worstCase ? removeFirstOfEach(fields, ownFields) : removeLookalikes(fields, ownFields),
  writeCertificate: (certificate) =>
    certificate === undefined
      ? [[verificationField, 'NONE']]
      : [
          [certificateField, escapePem(certificate.der)],
          [verificationField, 'PASSTHROUGH'],
        ],
} satisfies PlayedFrontEnd);

function removeFirstOfEach(fields: readonly RawField[], lowerCaseNames: readonly string[]): readonly RawField[] {
  const first = lowerCaseNames.map((own) => fields.find(([name]) => name.toLowerCase() === own));
  return fields.filter((field) => !first.includes(field));
}
