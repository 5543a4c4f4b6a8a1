import { readCertificateText } from '../certificate-header/certificate-header.js';
import type { CertificateText } from '../certificate-header/certificate-text.js';
import type { DenialCode } from '../denial.js';
import type { FrontEnd } from '../front-ends/front-end.js';
import { type MadeCertificate, describeByOpenssl, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { base64Of, byteSequenceOf, escapedPemOf, pemOf } from './front-end-wire.js';

export const caller: MadeCertificate = makeTelling('caller');
export const victim: MadeCertificate = makeTelling('victim');
export const callerThumbprint: string = describeByOpenssl(caller.der).thumbprintSha256;

/**
 * A document that admits the caller and the victim under different names, so that a test notices if one is taken for
 * the other.
 */
export const bothPinned: object = {
  schemaVersion: 1,
  revision: 1,
  identities: Object.entries({ caller, victim }).map(([name, { der }]) => ({
    name,
    roles: [],
    pins: [{ thumbprintSha256: describeByOpenssl(der).thumbprintSha256 }],
  })),
};

/**
 * A certificate whose base64 has characters that front ends write differently: plus signs, slashes and padding.
 */
function makeTelling(name: string): MadeCertificate {
  for (let length = 0; length < 30; length += 1) {
    const made = makeCertificate({ key: 'ed25519', name: [`CN = ${name}${'x'.repeat(length)}`] });
    if (made.header.endsWith('=') && made.header.includes('+') && made.header.includes('/')) return made;
  }
  throw new Error('no certificate of thirty had plus signs, slashes and padding');
}

/** Header fields by their names in lower case. */
export type Fields = Readonly<Record<string, string | null | undefined>>;

export function extractFrom(frontEnd: FrontEnd, fields: Fields): ReturnType<FrontEnd['extract']> {
  return frontEnd.extract((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined));
}

export function extractText(frontEnd: FrontEnd, fields: Fields): CertificateText {
  const extraction = extractFrom(frontEnd, fields);
  if (extraction.outcome === 'denied') throw new Error(`${extraction.code}: ${extraction.detail}`);
  return extraction;
}

/**
 * The thumbprint of the certificate that is read, or the code of the denial, by the front end or by the reader of its
 * text.
 */
export function judge(frontEnd: FrontEnd, fields: Fields): string {
  const extraction = extractFrom(frontEnd, fields);
  if (extraction.outcome === 'denied') return extraction.code;
  const reading = readCertificateText(extraction);
  return reading.outcome === 'denied' ? reading.code : reading.certificate.thumbprintSha256;
}

export type Refused = readonly (readonly [what: string, text: string | null | undefined, code: DenialCode])[];

/** Texts that are refused in any front end's certificate field, whatever its grammar is. */
export const refusedAnywhere: Refused = [
  ['no field', undefined, 'certificate_missing'],
  ['null', null, 'certificate_missing'],
  ['an empty field', '', 'certificate_missing'],
  ['white space', ' \t  ', 'certificate_missing'],
  ['the text "null"', 'null', 'certificate_malformed'],
  ['what Apache writes for an unset variable', '(null)', 'certificate_malformed'],
  ['what nginx writes into logs for nothing', '-', 'certificate_malformed'],
  ['raw PEM', pemOf(caller.der), 'certificate_malformed'],
  ['raw PEM on one line', pemOf(caller.der).replaceAll('\n', ' ').trim(), 'certificate_malformed'],
  ['a quoted certificate', `"${base64Of(caller.der)}"`, 'certificate_malformed'],
  ['NUL', '\0', 'certificate_malformed'],
];

/**
 * Texts that are refused in a field for base64. A field that may also contain the chain (Traefik's) does not refuse
 * "two lines".
 */
export const refusedBase64: Refused = listRefusedBase64(base64Of(caller.der));

function listRefusedBase64(text: string): Refused {
  return [
    ['two lines', `${text},${text}`, 'certificate_multiple'],
    ['two lines, as Headers joins them', `${text}, ${text}`, 'certificate_multiple'],
    ['a comma behind', `${text},`, 'certificate_multiple'],
    ['base64url', caller.der.toString('base64url'), 'certificate_malformed'],
    ['missing padding', text.replace(/=+$/, ''), 'certificate_malformed'],
    ['bits that hold no data', loosenLastBits(text), 'certificate_malformed'],
    ['a space inside', `${text.slice(0, 64)} ${text.slice(64)}`, 'certificate_malformed'],
    ['a line feed inside', `${text.slice(0, 64)}\n${text.slice(64)}`, 'certificate_malformed'],
    ['a byte sequence of RFC 9440', `:${text}:`, 'certificate_malformed'],
    ['a percent-encoded PEM block', escapedPemOf(caller.der), 'certificate_malformed'],
    ['bytes behind the certificate', base64Of(Buffer.concat([caller.der, caller.der])), 'certificate_malformed'],
    ['more than 16 KiB', 'A'.repeat(16_388), 'certificate_too_large'],
  ];
}

/** Sets a bit after the data in the last character, which base64 decoders may ignore (RFC 4648 §3.5). */
export function loosenLastBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const [padding = ''] = /=*$/.exec(text) ?? [];
  const last = text.length - padding.length - 1;
  return `${text.slice(0, last)}${alphabet[alphabet.indexOf(text[last] ?? '') + 1] ?? ''}${padding}`;
}

/** Texts that are refused in a field for a percent-encoded PEM block. */
export const refusedPem: Refused = listRefusedPem(escapedPemOf(caller.der));

function listRefusedPem(block: string): Refused {
  const lines = block.split('%0A');
  const [begin = '', first = ''] = lines;
  const end = lines.at(-2) ?? '';
  const body = lines.slice(1, -2);
  const wrapAt = (length: number): string =>
    body.join('').replaceAll(new RegExp(`(?:%..|.){1,${length}}`, 'g'), '$&%0A');
  return [
    ['two lines', `${block},${block}`, 'certificate_multiple'],
    ['two lines, as Headers joins them', `${block}, ${block}`, 'certificate_multiple'],
    ['a comma behind', `${block},`, 'certificate_multiple'],
    ['two blocks', `${block}${block}`, 'certificate_malformed'],
    ['text in front', `Bag%20Attributes%0A${block}`, 'certificate_malformed'],
    ['text behind', `${block}x`, 'certificate_malformed'],
    ['a line feed behind', `${block}%0A`, 'certificate_malformed'],
    ['no line feed at the end', block.replace(/%0A$/, ''), 'certificate_malformed'],
    ['the first armour line alone', `${begin}%0A`, 'certificate_malformed'],
    ['the armour alone', `${begin}%0A${end}%0A`, 'certificate_malformed'],
    ['the armour with an empty line', `${begin}%0A%0A${end}%0A`, 'certificate_malformed'],
    ['another label', block.replaceAll('CERTIFICATE', 'TRUSTED%20CERTIFICATE'), 'certificate_malformed'],
    ['lower-case escapes', block.replaceAll(/%../g, (escape) => escape.toLowerCase()), 'certificate_malformed'],
    ['CR LF', block.replaceAll('%0A', '%0D%0A'), 'certificate_malformed'],
    ['raw line feeds', block.replaceAll('%0A', '\n'), 'certificate_malformed'],
    ['raw plus signs, as Apache escapes', block.replaceAll('%2B', '+'), 'certificate_malformed'],
    ['raw slashes', block.replaceAll('%2F', '/'), 'certificate_malformed'],
    ['raw padding', block.replaceAll('%3D', '='), 'certificate_malformed'],
    ['an escaped letter', block.replace(/(?<=%0A)M/, '%4D'), 'certificate_malformed'],
    ['an unfinished escape', `${begin}%0A${first}%2%0A${end}%0A`, 'certificate_malformed'],
    ['a space for a plus sign', block.replaceAll('%20', '+'), 'certificate_malformed'],
    ['one long line', `${begin}%0A${body.join('')}%0A${end}%0A`, 'certificate_malformed'],
    ['lines of 76', `${begin}%0A${wrapAt(76)}${end}%0A`, 'certificate_malformed'],
    ['lines of 63', `${begin}%0A${wrapAt(63)}${end}%0A`, 'certificate_malformed'],
    ['an empty line at the start', block.replace('%0A', '%0A%0A'), 'certificate_malformed'],
    ['an empty line at the end', block.replace(/%0A(?=-----END)/, '%0A%0A'), 'certificate_malformed'],
    ['an empty line inside', block.replace(first, `${first}%0A`), 'certificate_malformed'],
    ['an empty line behind a full one', `${begin}%0A${'A'.repeat(64)}%0A%0A${end}%0A`, 'certificate_malformed'],
    ['missing padding', block.replace(/(?:%3D)+/, ''), 'certificate_malformed'],
    ['base64url', block.replaceAll('%2B', '-').replaceAll('%2F', '_'), 'certificate_malformed'],
    ['encoded twice', encodeURIComponent(block), 'certificate_malformed'],
    [
      'a letter beyond Latin-1 with the low octet of one',
      block.replace(/(?<=%0A)M/, '\u014d'),
      'certificate_malformed',
    ],
    ['base64 of the DER', base64Of(caller.der), 'certificate_malformed'],
    ['more than 16 KiB', `${begin}%0A${'A'.repeat(16_400)}%0A${end}%0A`, 'certificate_too_large'],
  ];
}

/** Texts that are refused in a field for one byte sequence of RFC 8941. */
export const refusedByteSequences: Refused = listRefusedByteSequences(base64Of(caller.der));

function listRefusedByteSequences(base64: string): Refused {
  const sequence = `:${base64}:`;
  return [
    ['an empty byte sequence', '::', 'certificate_malformed'],
    ['one colon', ':', 'certificate_malformed'],
    ['no colons', base64, 'certificate_malformed'],
    ['no colon in front', `${base64}:`, 'certificate_malformed'],
    ['no colon behind', `:${base64}`, 'certificate_malformed'],
    ['colons twice', `:${sequence}:`, 'certificate_malformed'],
    ['a parameter', `${sequence};verified=?1`, 'certificate_malformed'],
    ['a parameter without a value', `${sequence};a`, 'certificate_malformed'],
    ['a semicolon behind', `${sequence};`, 'certificate_malformed'],
    ['a parameter that ends like one', `${sequence};a=:YQ==:`, 'certificate_malformed'],
    ['two values', `${sequence},${sequence}`, 'certificate_multiple'],
    ['two values, as Headers joins them', `${sequence}, ${byteSequenceOf(victim.der)}`, 'certificate_multiple'],
    ['a comma behind', `${sequence},`, 'certificate_malformed'],
    ['a comma in front', `,${sequence}`, 'certificate_malformed'],
    ['base64url', `:${caller.der.toString('base64url')}:`, 'certificate_malformed'],
    ['missing padding', `:${base64.replace(/=+$/, '')}:`, 'certificate_malformed'],
    ['padding too much', `:${base64}=:`, 'certificate_malformed'],
    ['bits that hold no data', `:${loosenLastBits(base64)}:`, 'certificate_malformed'],
    ['a space inside', `:${base64.slice(0, 8)} ${base64.slice(8)}:`, 'certificate_malformed'],
    ['a space inside the first colon', `: ${base64}:`, 'certificate_malformed'],
    ['a space inside the last colon', `:${base64} :`, 'certificate_malformed'],
    ['a line feed inside', `:${base64.slice(0, 64)}\n${base64.slice(64)}:`, 'certificate_malformed'],
    ['a string of structured fields', `"${base64}"`, 'certificate_malformed'],
    ['a token', 'MII', 'certificate_malformed'],
    ['an inner list', `(${sequence})`, 'certificate_malformed'],
    ['a percent-encoded PEM block', escapedPemOf(caller.der), 'certificate_malformed'],
    ["Caddy's placeholder", ':{http.request.tls.client.certificate_der_base64}:', 'certificate_malformed'],
    ['more than 16 KiB', `:${'A'.repeat(16_388)}:`, 'certificate_too_large'],
  ];
}

/**
 * Texts that must be refused in the field that says whether the front end verified the certificate. `success` is the
 * front end's word for a success.
 */
export function listFailedVerifications(success: string): readonly (string | null | undefined)[] {
  return [
    ...[undefined, null, '', ' ', 'NONE', 'FAILED', 'FAILED:unable to verify the first certificate', 'GENEROUS'],
    ...[`${success},${success}`, `${success}, ${success}`, `${success},`, `,${success}`, `${success} `, ` ${success}`],
    ...[`UNVERIFIED,${success}`, 'UNVERIFIED,UNVERIFIED', 'unverified', `${success}x`, `"${success}"`, `${success}\0`],
    ...['0', '1', '10', '21', '00', '-0', '0.0', 'SUCCESS', 'success', 'PASSTHROUGH', 'X509_V_OK', 'true'],
  ].filter((value) => value !== success);
}
