import type { ClientCertificate, DistinguishedName } from '@certgate/x509';
import { formatDistinguishedName, formatInstant, nameAttributeTypes } from '@certgate/x509/internal';
import { type Denial, describeFacts } from '../denial.js';
import { formatSerialNumber } from '../encoding/serial-number.js';
import type { PathFacts, StrangerClaim } from '../denial-facts.js';
import { cutText, maximumFieldLength } from './log-text.js';

/** What a line tells of a certificate that no identity has. */
export interface StrangerLine extends Partial<StrangerClaim> {
  /**
   * On `certificate_not_trusted`: the subject of the certificate, at most 96 characters, without e-mail addresses and what
   * looks like the number of a person. With `strangerNames: false`, it is absent, and `detail` has no names.
   */
  readonly subject?: string;
  /** Its issuer, in the same form. */
  readonly issuer?: string;
  /** On `certificate_not_trusted`: the serial number in hexadecimal. */
  readonly serialNumber?: string;
  /** On `certificate_not_trusted`, RFC 3339: when the certificate ends. */
  readonly notAfter?: string;
  readonly detail?: string;
}

/** `certificate`: undefined where it can't be decoded. `isNamed`: with the names that stand in it. */
export function describeStranger(
  { facts, detail }: Denial<'certificate_not_trusted'>,
  certificate: ClientCertificate | undefined,
  claim: StrangerClaim | undefined,
  isNamed: boolean,
): StrangerLine {
  const words = facts?.names === undefined ? { detail } : { detail: describeAgain(facts, isNamed) };
  if (certificate === undefined) return { ...claim, ...words };
  const { subjectName, issuerName, serialNumber, notAfter } = certificate;
  return {
    ...(isNamed ? { subject: describeName(subjectName), issuer: describeName(issuerName) } : {}),
    serialNumber: cutText(formatSerialNumber(serialNumber), maximumFieldLength),
    notAfter: formatInstant(notAfter),
    ...claim,
    ...words,
  };
}

/** The sentence names what stands in the certificate. */
function describeAgain(
  { names = [], attributeWithoutText: odd, ...facts }: NonNullable<Denial<'certificate_not_trusted'>['facts']>,
  isNamed: boolean,
): string {
  const shown = names.map(({ type, value }) => ({ type, value: type === 'email' ? '[e-mail]' : hidePersonal(value) }));
  return describeFacts('certificate_not_trusted', {
    ...facts,
    ...(isNamed ? { names: shown } : {}),
    // Its digits are those of a name.
    ...(odd === undefined ? {} : { attributeWithoutText: odd.replace(/=[^]*/, '') }),
  });
}

/**
 * What a line tells of a certificate that has a name of the document and no path to its authority: anybody can write such
 * a certificate, and the sentence says how its subject reads.
 */
export function describeClaimant(
  { facts, detail }: Denial,
  certificate: ClientCertificate | undefined,
  claim: StrangerClaim | undefined,
  isNamed: boolean,
): StrangerLine {
  const member = (facts as PathFacts | undefined)?.certificate;
  if (member === undefined || member.subject === '') return { ...claim, detail };
  const isOwn = member.role === 'end-entity';
  const shown =
    isOwn && certificate !== undefined ? describeName(certificate.subjectName) : hidePersonal(member.subject);
  const name = isOwn && !isNamed ? '' : ` "${shown}"`;
  return { ...claim, detail: detail.replaceAll(` "${member.subject}"`, () => name) };
}

/** Whose values are a person's address or official number: emailAddress, mail, UID, serialNumber, organizationIdentifier. */
const personalTypes: ReadonlySet<string> = new Set([
  nameAttributeTypes.emailAddress,
  '0.9.2342.19200300.100.1.1',
  '0.9.2342.19200300.100.1.3',
  '2.5.4.5',
  '2.5.4.97',
]);

/** RFC 3739 §3.2.2: date and place of birth, and the like. */
const personalData = '1.3.6.1.5.5.7.9.';

function describeName(name: DistinguishedName): string {
  const shown = name.map((attributes) =>
    attributes
      .filter(({ type }) => !personalTypes.has(type) && !type.startsWith(personalData))
      .map((attribute) => ({
        ...attribute,
        value: attribute.isEncoded === true ? '#' : hidePersonal(attribute.value),
      })),
  );
  const text = cutText(formatDistinguishedName(shown.filter(({ length }) => length > 0)), maximumFieldLength);
  // Most of the world's scripts take three bytes for a character.
  return Buffer.byteLength(text) > 2 * maximumFieldLength ? cutText(text, (2 * maximumFieldLength) / 3) : text;
}

/** No longer, so that the patterns take no time. */
const maximumValueLength = 200;

/**
 * E-mail addresses, and what looks like the number of a person: six digits in a row, nine with separators between them, or
 * the letters and digits of an Italian tax number.
 */
function hidePersonal(value: string): string {
  return value
    .slice(0, maximumValueLength)
    .replace(/[^\s@]*@[^\s@]*/g, '[e-mail]')
    .replace(/\w*(?:\d{6}|\d(?:[-. ]?\d){8}|[a-z]{6}\d\d[a-z]\d\d[a-z]\d{3}[a-z])[\w+-]*/gi, '[number]');
}
