import type { ClientCertificate, DistinguishedName } from '@certgate/x509';
import { formatDistinguishedName, formatInstant, nameAttributeTypes } from '@certgate/x509/internal';
import { type Denial, describeFacts } from '../denial.js';
import { formatSerialNumber } from '../encoding/serial-number.js';
import type { PathFacts, StrangerClaim } from '../denial-facts.js';
import { cutText, maximumFieldLength } from './log-text.js';

/** What a line shows about a certificate that belongs to no identity. */
export interface StrangerLine extends Partial<StrangerClaim> {
  /**
   * On `certificate_not_trusted`: the subject of the certificate, at most 96 characters, without e-mail addresses and
   * what looks like a personal number. With `strangerNames: false`, it is absent, and `detail` contains no names.
   */
  readonly subject?: string;
  /** The certificate's issuer, in the same form as `subject`. */
  readonly issuer?: string;
  /** On `certificate_not_trusted`: the serial number in hexadecimal. */
  readonly serialNumber?: string;
  /** On `certificate_not_trusted`, RFC 3339: when the certificate ends. */
  readonly notAfter?: string;
  readonly detail?: string;
}

/** `certificate` is undefined if it can't be decoded. `isNamed`: the line shows the names in the certificate. */
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

/** Makes the sentence again, because the original one contains the names in the certificate. */
function describeAgain(
  { names = [], attributeWithoutText: odd, ...facts }: NonNullable<Denial<'certificate_not_trusted'>['facts']>,
  isNamed: boolean,
): string {
  const shown = names.map(({ type, value }) => ({ type, value: type === 'email' ? '[e-mail]' : hidePersonal(value) }));
  return describeFacts('certificate_not_trusted', {
    ...facts,
    ...(isNamed ? { names: shown } : {}),
    // The text after the equals sign is an encoded name.
    ...(odd === undefined ? {} : { attributeWithoutText: odd.replace(/=[^]*/, '') }),
  });
}

/**
 * What a line shows about a refused certificate that has a name of the document, but is not proven to be issued by the
 * name's authority. Anybody can write such a certificate, and the original sentence may contain its subject.
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

/**
 * Attributes with an address or official number of a person: emailAddress, mail, UID, serialNumber,
 * organizationIdentifier.
 */
const personalTypes: ReadonlySet<string> = new Set([
  nameAttributeTypes.emailAddress,
  '0.9.2342.19200300.100.1.1',
  '0.9.2342.19200300.100.1.3',
  '2.5.4.5',
  '2.5.4.97',
]);

/** The prefix of attributes such as date and place of birth (RFC 3739 §3.2.2). */
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
  // Characters of most scripts have three bytes.
  return Buffer.byteLength(text) > 2 * maximumFieldLength ? cutText(text, (2 * maximumFieldLength) / 3) : text;
}

/** The longest value that is searched, in characters, so that the patterns take no noticeable time. */
const maximumValueLength = 200;

/**
 * Replaces e-mail addresses, and what looks like a personal number: six digits in a row, nine with separators between
 * them, or the letters and digits of an Italian tax number.
 */
function hidePersonal(value: string): string {
  return value
    .slice(0, maximumValueLength)
    .replace(/[^\s@]*@[^\s@]*/g, '[e-mail]')
    .replace(/\w*(?:\d{6}|\d(?:[-. ]?\d){8}|[a-z]{6}\d\d[a-z]\d\d[a-z]\d{3}[a-z])[\w+-]*/gi, '[number]');
}
