import {
  type ChainText,
  decodeBase64,
  findFrontEnd,
  type FrontEnd,
  frontEndNames,
  maximumChainLength,
  readCertificateText,
  readChainText,
} from '@certgate/core/internal';
import { type DroppedContent, readBinary, unread } from './dropped-content.js';

/**
 * Reads what a front end writes into a request's header: base64, a percent-encoded PEM block, the elements of Envoy's
 * `X-Forwarded-Client-Cert`, Traefik's list, or byte sequences (RFC 9440), with or without the field's name. It uses
 * the code that reads the header in the app, and also reads some forms that the gate refuses.
 */
export function readHeaderText(text: string, password: string | null): DroppedContent {
  const value = joinFields(text);
  if (value.startsWith('-----BEGIN%20')) return readChain(value, 'percent-encoded-pem');
  if (value.startsWith(':')) return readChain(value, 'byte-sequences');
  if (/^(?:by|hash|cert|chain|subject|uri|dns)=/i.test(value)) return readForwardedClientCert(value);
  // In base64, every DER SEQUENCE whose length takes two octets begins with these letters.
  if (/^MI[^,]*,/.test(value)) return readExtraction(findFrontEnd('traefik').extract(() => value));
  return readBase64(value, password);
}

/** The header fields of all front ends, because people copy a value together with its field's name. */
const fieldNames: ReadonlySet<string> = new Set(frontEndNames.flatMap((name) => findFrontEnd(name).fields));

/**
 * If the text begins with one of these fields (`name: value`), returns its value, joined with the byte sequences of the
 * other lines with such a field. Otherwise, returns the text.
 */
function joinFields(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => /^([\w-]{1,64}):[ \t]*(.*)$/.exec(line.trim()));
  const values = lines.map((line) => (fieldNames.has(line?.[1]?.toLowerCase() ?? '') ? line?.[2] : undefined));
  const [first] = values;
  if (first === undefined) return text.trim();
  const others = values.slice(1).filter((value) => value?.startsWith(':') === true);
  return [first, ...others].join(', ').trim();
}

function readChain(text: string, encoding: ChainText['encoding']): DroppedContent {
  const reading = readChainText({ text, encoding });
  if (reading.outcome === 'read') return { kind: 'header', ders: reading.ders, notes: [] };
  if (text.length > maximumChainLength) return unread('header', reading.detail);
  if (encoding === 'byte-sequences')
    return unread('header', 'It is not a byte sequence or a list of them: base64 between two colons (RFC 9440 §2.2).');
  return readLenientPem(text);
}

/**
 * Reads a PEM block that other proxies or people encoded differently or wrapped. The certificate is shown, with a note
 * that the gate would refuse the header.
 */
function readLenientPem(text: string): DroppedContent {
  const fault = 'It begins like a percent-encoded PEM block, but is cut short or damaged.';
  let pem: string;
  try {
    pem = decodeURIComponent(text);
  } catch {
    return unread('header', fault);
  }
  const body = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----\s*$/.exec(pem)?.[1];
  if (body === undefined) return unread('header', fault);
  const note = 'It is not encoded as nginx and Envoy do it: the gate would refuse the header (certificate_malformed).';
  return { kind: 'header', ders: [Buffer.from(body, 'base64')], notes: [note] };
}

/** The maximum number of elements in a header that is read. Each proxy on the way may add one. */
const maximumElements = 8;

function readForwardedClientCert(text: string): DroppedContent {
  if (text.length > 4 * maximumChainLength) return unread('header', 'X-Forwarded-Client-Cert has too many characters.');
  for (let count = 1; count <= maximumElements; count += 1) {
    const extraction = findFrontEnd('envoy', count).extract(() => text);
    // The header may have another number of elements.
    if (extraction.outcome === 'denied' && extraction.code === 'certificate_multiple') continue;
    if (count === 1) return readExtraction(extraction);
    return readExtraction(extraction, [
      `X-Forwarded-Client-Cert has ${count} elements; this is the last, from the nearest proxy.`,
    ]);
  }
  return unread('header', `X-Forwarded-Client-Cert has more than ${maximumElements} elements.`);
}

function readExtraction(extraction: ReturnType<FrontEnd['extract']>, notes: readonly string[] = []): DroppedContent {
  if (extraction.outcome === 'denied') return unread('header', extraction.detail);
  const { chain, ...leaf } = extraction;
  const reading = readCertificateText({ ...leaf, chain: undefined });
  if (reading.outcome === 'denied') return unread('header', reading.detail);
  const others = chain && readChainText(chain);
  const ders = others?.outcome === 'read' ? others.ders : [];
  // Envoy's chain begins with the leaf itself.
  const above = ders.filter((der) => Buffer.compare(der, reading.certificate.der) !== 0);
  return {
    kind: 'header',
    ders: [reading.certificate.der, ...above],
    notes: [...notes, ...(others?.outcome === 'unread' ? [others.detail] : [])],
  };
}

function readBase64(text: string, password: string | null): DroppedContent {
  // Wrapped text contains line breaks.
  const decoding = decodeBase64(text.replace(/\s+/g, ''));
  if (!decoding.ok) return unread('unknown', describeTextFault(text, decoding.fault));
  const content = readBinary(Buffer.from(decoding.bytes), password);
  return content.kind === 'certificate' ? { ...content, kind: 'header' } : content;
}

function describeTextFault(text: string, fault: string): string {
  if (text === '') return 'It is empty.';
  if (fault === 'base64url') return 'It is base64url, which no front end writes. Base64 is expected (RFC 4648 §4).';
  return 'It contains no certificate, PFX, header value, chain or revocation list.';
}
