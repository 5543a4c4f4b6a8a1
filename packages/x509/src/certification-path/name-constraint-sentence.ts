import type { GeneralName } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { aMemberOf, expectArgument } from '../encoding/own-members.js';
import { escapeInvisible } from '../encoding/shown-text.js';
import type { ConstrainingCertificate, NameConstraintFault } from './name-constraints.js';
import { hasLeadingDot } from './name-location.js';

/**
 * Describes the name, escaped and shortened, and what is wrong with it, without a full stop. `certificate` is the one
 * with the name; it is needed if the name is its subject.
 *
 * @throws {CertgateError} if `fault` is not one of `findNameConstraintFault` or a path.
 */
export function describeNameConstraintFault(
  fault: NameConstraintFault,
  certificate?: Pick<PathCertificate, 'subjectText'>,
): string {
  const aFault = aMemberOf(reasons, 'reason', 'a fault of findNameConstraintFault');
  expectArgument(fault, aFault, 'The fault for describeNameConstraintFault');
  const name = describeConstrainedName(fault, certificate?.subjectText ?? '');
  const unprocessable = fault.reason === 'unprocessable' ? describeConstraint(fault.constraint, fault.issuer) : '';
  return `${name} ${reasons[fault.reason]}${unprocessable}`;
}

const reasons: Readonly<Record<NameConstraintFault['reason'], string>> = {
  incomparable: "can't be compared with the issuers' name constraints",
  excluded: "is excluded by an issuer's name constraints",
  not_permitted: "is none that an issuer's name constraints permit",
  unprocessable: 'falls under a name constraint of ',
};

function describeConstraint(base: GeneralName, { subjectText }: ConstrainingCertificate): string {
  const what = `"${printText(subjectText)}" that can't be processed: ${describeName(base)}`;
  if (!hasLeadingDot(base)) return what;
  const domain = printText(base.text.slice(1));
  return (
    `${what}. RFC 5280 gives its leading dot no meaning: let the CA write "${domain}", or, if the names beneath ${domain} ` +
    'are meant, as OpenSSL reads it, set dnsConstraintsWithLeadingDot of the authority to "subdomains-only"'
  );
}

const origins = {
  international_mailbox: 'an internationalized mailbox',
  email_address: "the subject's emailAddress",
  common_name: "the subject's common name",
} as const;

function describeConstrainedName({ name, origin }: NameConstraintFault, subject: string): string {
  if (origin === 'subject') return `the subject "${printText(subject)}"`;
  if (origin === 'alternative_name') return describeName(name);
  return `${origins[origin]} "${'text' in name ? printText(name.text) : ''}"`;
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
  return escapeInvisible(start);
}
