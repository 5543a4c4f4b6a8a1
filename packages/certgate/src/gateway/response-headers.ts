import {
  canonicalizeFieldName,
  getFieldValues,
  pairRawHeaders,
  removeHopByHopFields,
  type RawField,
} from './raw-fields.js';

/** Says that the gateway itself answered, and why. No app behind can send it. */
export const gatewayAnswerHeaderName = 'x-certgate-gateway';

/** The app's fields in its order and spelling; Node frames the body anew for the client. */
export function buildClientResponseFields(rawHeaders: readonly string[]): RawField[] {
  const fields = pairRawHeaders(rawHeaders);
  // Where both are there, the coding counts (RFC 9112 §6.3) and the length would be a lie.
  const chunked = getFieldValues(fields, 'transfer-encoding').length > 0;
  return removeHopByHopFields(fields).filter(([name]) => {
    const canonical = canonicalizeFieldName(name);
    return canonical !== gatewayAnswerHeaderName && !(chunked && canonical === 'content-length');
  });
}
