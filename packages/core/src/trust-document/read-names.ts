import { findSpiffeId, hasSpiffeScheme } from '@certgate/x509/internal';
import { getDocumentKeys } from './document-keys.js';
import type { AuthorityDirectory } from './authority-directory.js';
import type { DocumentReader } from './document-reader.js';
import {
  type NameType,
  nameTypes,
  normalizeName,
  type TrustedAuthority,
  type TrustName,
} from '../trust-snapshot/trust-snapshot.js';

/** Reads a name under its authority. Undefined if something is wrong, which the reader has collected. */
export function readName(
  reader: DocumentReader,
  value: unknown,
  path: string,
  directory: AuthorityDirectory,
): TrustName | undefined {
  const fields = reader.readObject(value, path, 'trustName');
  if (fields === undefined) return undefined;
  const types = nameTypes.filter((type) => fields[type] !== undefined);
  const [type] = types;
  if (type === undefined || types.length > 1) {
    reader.report(path, `give exactly one of ${nameTypes.join(', ')}`);
    return undefined;
  }
  const issuedBy = fields.issuedBy;
  const authority = issuedBy === undefined ? undefined : directory.resolve(reader, issuedBy, `${path}.issuedBy`);
  const text = readValue(reader, type, fields[type], `${path}.${type}`);
  if (text === undefined || authority === undefined) return undefined;
  const fault = type === 'uri' ? findTrustDomainFault(text, authority) : undefined;
  if (fault !== undefined) {
    reader.report(`${path}.${type}`, fault);
    return undefined;
  }
  directory.noteUse(authority);
  return Object.freeze({ issuedBy: authority.name, type, value: normalizeName(type, text) });
}

function readValue(reader: DocumentReader, type: NameType, value: unknown, path: string): string | undefined {
  const before = reader.problems.length;
  const isName = type === 'commonName' || type === 'organizationalUnit';
  const text = isName
    ? reader.readName(value, path)
    : reader.readText(value, path, getDocumentKeys().trustName[type].maximumLength);
  if (reader.problems.length > before) return undefined;
  const fault = isName ? undefined : findFault[type](text);
  if (fault === undefined) return text;
  reader.report(path, fault);
  return undefined;
}

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const dnsName = new RegExp(`^${label}(?:\\.${label})*$`);
const mailboxName = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** RFC 3986 §3: a scheme, and after it only characters that a URI can have. */
const absoluteUri = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/;

const findFault = {
  dns: findDnsFault,
  email: (text: string): string | undefined => {
    const at = text.lastIndexOf('@');
    return at > 0 && mailboxName.test(text.slice(0, at)) && isDnsName(text.slice(at + 1))
      ? undefined
      : 'it must be a mailbox like billing@corp.example';
  },
  uri: (text: string): string | undefined => {
    if (!absoluteUri.test(text))
      return 'it must be an absolute URI like urn:corp:billing; what is not ASCII is %-encoded';
    return hasSpiffeScheme(text) && findSpiffeId(text) === undefined
      ? 'it must be a SPIFFE ID like spiffe://example.org/billing: lower-case trust domain, a path, nothing else'
      : undefined;
  },
} as const;

function findDnsFault(text: string): string | undefined {
  if (!text.includes('*')) {
    return isDnsName(text)
      ? undefined
      : 'it must be a DNS name like billing.corp.example (no IP address; letters beyond ASCII as xn--…)';
  }
  const rest = text.startsWith('*.') ? text.slice(2) : '';
  return rest.includes('.') && isDnsName(rest)
    ? undefined
    : 'a wildcard is the whole first label, with two labels after it at least: *.corp.example';
}

/** Whether the text is a DNS name. A text whose last label consists of digits is taken for an address. */
function isDnsName(text: string): boolean {
  return dnsName.test(text) && !/(?:^|\.)\d+$/.test(text);
}

/**
 * The fault of a SPIFFE ID whose trust domain does not belong to the authority; otherwise undefined. Only the authority
 * that signs for a trust domain may name its workloads.
 */
function findTrustDomainFault(uri: string, { name, spiffeTrustDomains }: TrustedAuthority): string | undefined {
  const id = findSpiffeId(uri);
  if (id === undefined || spiffeTrustDomains.includes(id.trustDomain)) return undefined;
  return `the trust domain ${id.trustDomain} is not among the spiffeTrustDomains of the authority ${name}`;
}
