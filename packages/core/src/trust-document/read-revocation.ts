import { shortenText } from '@certgate/x509/internal';
import type { PathCertificate } from '@certgate/x509/path';
import { isLoopbackHost } from '../encoding/shown-url.js';
import type { AuthorityRevocation } from '../trust-snapshot/trust-snapshot.js';
import { getDocumentKeys } from './document-keys.js';
import type { DocumentFields, DocumentReader } from './document-reader.js';

/** The largest CRL number: up to 20 octets, of which the first bit is the sign (RFC 5280 §5.2.3). */
const maximumCrlNumber = 2n ** 159n - 1n;

export const noRevocation: AuthorityRevocation = Object.freeze({
  mode: 'off',
  isModeStated: false,
  scope: 'chain',
  crls: Object.freeze([]),
  ocsp: undefined,
  ocspNonce: 'required',
  graceMilliseconds: 0,
  minimumCrlNumbers: new Map(),
  noRevAvailMaximumLifetimeMilliseconds: undefined,
});

/**
 * Reads how one authority's revocations are checked. `seen` has the revocation lists of the document that were read
 * before.
 */
export function readRevocationSettings(
  reader: DocumentReader,
  value: unknown,
  path: string,
  { seen, issuers }: { readonly seen: Map<string, string>; readonly issuers: readonly PathCertificate[] },
): AuthorityRevocation {
  const fields = value === undefined ? undefined : reader.readObject(value, path, 'revocation');
  if (fields === undefined) return noRevocation;
  const keys = getDocumentKeys().revocation;
  const crls = readCrls(reader, fields.crls, `${path}.crls`, seen);
  const ocsp = fields.ocsp === undefined ? undefined : readOcsp(reader, fields.ocsp, `${path}.ocsp`);
  const hasSource = crls.length > 0 || ocsp !== undefined;
  const minimumCrlNumbers = readMinimumCrlNumbers(reader, fields, path, issuers);
  const graceSeconds =
    fields.graceSeconds === undefined
      ? 0
      : reader.readCount(fields.graceSeconds, `${path}.graceSeconds`, keys.graceSeconds.maximum);
  return Object.freeze({
    mode: reader.readChoice(fields.mode, `${path}.mode`, keys.mode.choices) ?? (hasSource ? 'required' : 'off'),
    isModeStated: fields.mode !== undefined,
    scope: reader.readChoice(fields.scope, `${path}.scope`, keys.scope.choices) ?? 'chain',
    crls: Object.freeze(crls),
    ocsp,
    ocspNonce: reader.readChoice(fields.ocspNonce, `${path}.ocspNonce`, keys.ocspNonce.choices) ?? 'required',
    graceMilliseconds: graceSeconds * 1000,
    minimumCrlNumbers,
    noRevAvailMaximumLifetimeMilliseconds: readNoRevAvailMaximum(reader, fields, path),
  });
}

function readNoRevAvailMaximum(
  reader: DocumentReader,
  { mode, noRevAvailMaximumLifetimeSeconds: value }: DocumentFields<'revocation'>,
  revocationPath: string,
): number | undefined {
  if (value === undefined) return undefined;
  const path = `${revocationPath}.noRevAvailMaximumLifetimeSeconds`;
  // With "off", or without a mode, the document may not ask for revocation information at all, but its readers would
  // think otherwise.
  if (mode === undefined || mode === 'off')
    reader.report(path, 'it needs an explicit "mode": "required" or "when-available" beside it');
  if (value === 0)
    reader.report(path, 'it must be at least 1; to accept no certificate by noRevAvail, leave the key out');
  return reader.readCount(value, path, getDocumentKeys().revocation.noRevAvailMaximumLifetimeSeconds.maximum) * 1000;
}

function readMinimumCrlNumbers(
  reader: DocumentReader,
  { mode, minimumCrlNumbers: value }: DocumentFields<'revocation'>,
  revocationPath: string,
  issuers: readonly PathCertificate[],
): ReadonlyMap<string, bigint> {
  const numbers = new Map<string, bigint>();
  if (value === undefined) return numbers;
  const path = `${revocationPath}.minimumCrlNumbers`;
  // In any other mode, callers whom a refused list revokes could still be admitted.
  if (mode !== 'required') reader.report(path, 'it needs an explicit "mode": "required" beside it');
  const known = [...new Set(issuers.map(({ subjectText }) => subjectText))];
  const places = new Map<string, string>();
  for (const [index, item] of reader.readArray(value, path).entries()) {
    const place = `${path}[${index}]`;
    const fields = reader.readObject(item, place, 'minimumCrlNumber');
    if (fields === undefined) continue;
    const issuer = reader.readText(
      fields.issuer,
      `${place}.issuer`,
      getDocumentKeys().minimumCrlNumber.issuer.maximumLength,
    );
    if (typeof fields.issuer === 'string' && !known.includes(issuer)) {
      reader.report(
        `${place}.issuer`,
        `no certificate of the authority has this subject; there are ${known.join(', ')}`,
      );
    }
    reader.expectUnique(places, issuer, `${place}.issuer`, `the issuer "${shortenText(issuer)}"`);
    numbers.set(issuer, readCrlNumber(reader, fields.number, `${place}.number`));
  }
  return numbers;
}

/** Reads a CRL number in decimal, as tools print it. It is a text, because JSON's numbers are exact only up to 2^53. */
function readCrlNumber(reader: DocumentReader, value: unknown, path: string): bigint {
  const isNumber = typeof value === 'string' && /^(?:0|[1-9][0-9]{0,47})$/.test(value);
  const number = isNumber ? BigInt(value) : 0n;
  if (!isNumber || number > maximumCrlNumber) {
    reader.report(path, 'it must be a CRL number in decimal digits, as a text like "12", of 20 octets at most');
  }
  return number;
}

function readCrls(reader: DocumentReader, value: unknown, path: string, seen: Map<string, string>): readonly string[] {
  if (value === undefined) return [];
  return reader.readArray(value, path).map((item, index) => {
    const place = `${path}[${index}]`;
    const text = readAddress(reader, item, place, getDocumentKeys().revocation.crls.items);
    const fault = text === undefined ? undefined : findCrlFault(text);
    if (fault !== undefined) reader.report(place, fault);
    else if (text !== undefined) reader.expectUnique(seen, normalizeAddress(text), place, 'this list');
    return text ?? '';
  });
}

function readOcsp(reader: DocumentReader, value: unknown, path: string): string {
  const text = readAddress(reader, value, path, getDocumentKeys().revocation.ocsp);
  const fault = text === undefined ? undefined : findUrlFault(text);
  if (fault !== undefined) reader.report(path, fault);
  return text ?? '';
}

function readAddress(
  reader: DocumentReader,
  value: unknown,
  path: string,
  { maximumLength }: { readonly maximumLength: number },
): string | undefined {
  const text = reader.readText(value, path, maximumLength);
  if (text.trim() === '' || text.length > maximumLength) return undefined;
  if (text === text.trim() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return text;
  reader.report(path, 'it has white space around it or invisible characters in it');
  return undefined;
}

const filePrefix = 'file:';

function findCrlFault(text: string): string | undefined {
  if (text.startsWith(filePrefix)) {
    // `file://` begins a URL, whose path would be different.
    return /^file:(?:\s|$|\/\/)/.test(text)
      ? 'it must be file: and a path, like file:corp.crl or file:/etc/corp.crl'
      : undefined;
  }
  const fault = findUrlFault(text);
  if (fault !== undefined) return fault === notWeb ? 'it must be file:PATH or an https: URL' : fault;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? undefined
    : 'it must begin with https: ; http: is for this machine only';
}

const notWeb = 'it must be an http: or https: URL';

function findUrlFault(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#\s]/.test(text) || /\s/.test(text) || !URL.canParse(text)) return notWeb;
  const { username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'it holds a user name or password';
  return hash === '' && !text.endsWith('#') ? undefined : 'it has a fragment (#), which is never sent';
}

function normalizeAddress(text: string): string {
  return text.startsWith(filePrefix) ? text : new URL(text).href;
}
