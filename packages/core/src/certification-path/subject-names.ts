import type { GeneralName } from '../general-name.js';
import { findHostLabels } from './host-name.js';
import type { PathCertificate } from './path-certificate.js';

export interface NameCheckOptions {
  /**
   * Common names that read as host names are held to the constraints on dNSName, which RFC 5280 doesn't ask for: where
   * callers are known by common name, a constrained authority must not be able to give itself another's.
   */
  readonly commonNamesAsHosts?: boolean;
}

/** A name that name constraints apply to. */
export interface SubjectName {
  readonly name: GeneralName;
  /** For the operator: escaped, and not too long. */
  readonly description: () => string;
}

const emailAddress = '1.2.840.113549.1.9.1';
const commonName = '2.5.4.3';

/** id-on-SmtpUTF8Mailbox (RFC 9598 §3), as encoded: 1.3.6.1.5.5.7.8.9. */
const internationalMailbox = Buffer.from('06082b06010505070809', 'hex');

/** RFC 5280 §4.2.1.10: the subject, where there is one, and every alternative name. */
export function* listSubjectNames(certificate: PathCertificate, options: NameCheckOptions): Generator<SubjectName> {
  if (certificate.subject.relativeNames.length > 0) {
    const name: GeneralName = { form: 'directoryName', name: certificate.subject };
    yield { name, description: () => `the subject "${printText(certificate.subjectText)}"` };
  }
  for (const name of certificate.subjectAlternativeNames ?? []) {
    yield { name, description: () => describeName(name) };
    if (isInternationalMailbox(name)) yield nameOf('rfc822Name', '', 'an internationalized mailbox');
  }
  for (const { type, value } of certificate.subjectName.flat()) {
    // Asked for only where there is no rfc822Name beside it; a mailbox is no better for standing beside another.
    if (type === emailAddress) yield nameOf('rfc822Name', value, "the subject's emailAddress");
    const isHost = options.commonNamesAsHosts === true && type === commonName && readsAsHost(value);
    if (isHost) yield nameOf('dNSName', value, "the subject's common name");
  }
}

function nameOf(form: 'rfc822Name' | 'dNSName', text: string, what: string): SubjectName {
  return { name: { form, text }, description: () => `${what} "${printText(text)}"` };
}

/** RFC 9598 §6: constraints on rfc822Name apply; it isn't looked into, so it counts as a mailbox that can't be compared. */
function isInternationalMailbox(name: GeneralName): boolean {
  return name.form === 'otherName' && Buffer.from(name.encoded).includes(internationalMailbox);
}

/** One label is the name of a person or a service as well. */
function readsAsHost(text: string): boolean {
  return (findHostLabels(text.replace(/^\*\./, ''))?.length ?? 0) > 1;
}

function describeName(name: GeneralName): string {
  if ('text' in name) return `the ${name.form} "${printText(name.text)}"`;
  if ('octets' in name) return `the iPAddress ${Buffer.from(name.octets).toString('hex')}`;
  if ('objectIdentifier' in name) return `the registeredID ${name.objectIdentifier}`;
  if ('name' in name) return `the directoryName "${printText(name.name.key)}"`;
  return `an alternative name of the form ${name.form}`;
}

function printText(text: string): string {
  const start = text.length <= 200 ? text : `${text.slice(0, 200)}…`;
  return start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
