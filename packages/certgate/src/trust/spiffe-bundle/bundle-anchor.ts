import { createPublicKey, type JsonWebKey, X509Certificate } from 'node:crypto';
import {
  decodeBase64,
  formatInstant,
  loadPathValidation,
  type PathCertificate,
  shortenText,
  shortenThumbprint,
} from '@certgate/core/internal';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { messageOf } from '#local/tool-failure.js';
import type { JsonObject } from '#local/json-file.js';

export interface Anchor {
  readonly certificate: PathCertificate;
  readonly pem: string;
}

export interface LeftOutAnchor {
  /** The certificate's subject and thumbprint. */
  readonly description: string;
  /** Follows the description to make a sentence. */
  readonly reason: string;
}

/** The result of reading a key. `fault` follows the name of the key to make a sentence. */
export type AnchorReading =
  | { readonly anchor: Anchor }
  | { readonly leftOut: LeftOutAnchor }
  | { readonly fault: string };

/** The OID of the extended key usage clientAuth, for which the gate validates each path. */
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/**
 * Reads a key of the use `x509-svid` (X509-SVID §6). If it is malformed, has a private part, or contradicts itself or
 * the trust domain, the result is a fault, so that the key is not just left out.
 */
export function readAnchor(
  key: JsonObject,
  { trustDomain, now }: { readonly trustDomain: string; readonly now: number },
): AnchorReading {
  const { x5c } = key;
  if (!Array.isArray(x5c) || x5c.length !== 1 || typeof x5c[0] !== 'string') {
    return { fault: `has ${Array.isArray(x5c) ? x5c.length : 'no'} certificates in x5c, and must have one` };
  }
  if ('d' in key) return { fault: 'has a private key, which is not a secret any more' };
  const base64 = decodeBase64(x5c[0]);
  if (!base64.ok) return { fault: 'has a certificate that is not in base64' };
  const { decodeTrustAnchor, describePathFault, findAuthorityFault } = loadPathValidation();
  const decoding = decodeTrustAnchor(base64.bytes);
  if (!decoding.ok) return { fault: `has a certificate that can't be read: ${decoding.fault}` };
  const certificate = decoding.value;
  const description = `"${shortenText(certificate.subjectText)}" (${shortenThumbprint(certificate.thumbprintSha256)})`;
  const fault = findKeyFault(key, base64.bytes) ?? findIdFault(certificate, trustDomain);
  if (fault !== undefined) return { fault: `${fault}: ${description}` };
  if (now > certificate.notAfter) {
    return { leftOut: { description, reason: `ended at ${formatInstant(certificate.notAfter)}` } };
  }
  const unfit = findAuthorityFault(certificate, 'trust-anchor', [clientAuthentication]);
  if (unfit !== undefined)
    return {
      leftOut: { description, reason: `is not a CA for the gate (${unfit.code}): ${describePathFault(unfit)}` },
    };
  return { anchor: { certificate, pem: encodePem('CERTIFICATE', base64.bytes) } };
}

function findKeyFault({ kty, crv, x, y, n, e }: JsonObject, certificateDer: Uint8Array): string | undefined {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' });
    return key.equals(new X509Certificate(certificateDer).publicKey) ? undefined : 'is not the key of its certificate';
  } catch (cause) {
    return `can't be read (${messageOf(cause)})`;
  }
}

/**
 * The certificate may have no other URI than the ID of the trust domain, without a path (X509-SVID §3.2) or with the
 * path `/`. A root of another system may have no ID.
 */
function findIdFault({ subjectAlternativeNames = [] }: PathCertificate, trustDomain: string): string | undefined {
  const uris = subjectAlternativeNames.flatMap((name) =>
    name.form === 'uniformResourceIdentifier' ? [name.text] : [],
  );
  const id = `spiffe://${trustDomain}`;
  const isOwn = uris.length === 0 || (uris.length === 1 && (uris[0] === id || uris[0] === `${id}/`));
  return isOwn ? undefined : `has a certificate for ${shortenText(uris.join(', '))}, and not for ${id}`;
}
