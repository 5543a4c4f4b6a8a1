import { BlockList, isIP } from 'node:net';
import type { PathCertificate, GeneralName } from '@certgate/x509/path';
import type { PeerExpectation, PeerName } from './suite.js';

/**
 * Why the certificate doesn't have the names and the key usage that x509-limbo requires of the peer besides the path.
 * Path validation checks neither: the trust document decides about a client's names, and the end-entity checks about
 * its key usage. The simple check here makes sure that every case is judged.
 */
export function findPeerFault(certificate: PathCertificate, { names, keyUsage }: PeerExpectation): string | undefined {
  const missing = names.find((name) => !hasName(certificate, name));
  if (missing !== undefined) return `no subject alternative name is ${missing.kind} ${missing.value}`;
  const bit = keyUsage.find((each) => certificate.keyUsage?.some((own) => own === each) === false);
  return bit === undefined ? undefined : `the key usage is without ${bit}`;
}

/**
 * By RFC 9525, only alternative names are compared. A wildcard must be the whole left-most label, and matches
 * exactly one label (§6.3). At least two labels must follow it.
 */
export function hasName({ subjectAlternativeNames = [] }: PathCertificate, { kind, value }: PeerName): boolean {
  return subjectAlternativeNames.some((name) => {
    switch (kind) {
      case 'DNS':
        return name.form === 'dNSName' && matchesHost(name.text.toLowerCase(), value.toLowerCase());
      case 'IP':
        return name.form === 'iPAddress' && matchesAddress(name, value);
      case 'RFC822':
        return name.form === 'rfc822Name' && matchesMailbox(name.text, value);
    }
  });
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return !pattern.includes('*');
  const dot = host.indexOf('.');
  const parent = host.slice(dot);
  return dot > 0 && pattern === `*${parent}` && parent.indexOf('.', 1) > 0;
}

function matchesAddress(name: Extract<GeneralName, { form: 'iPAddress' }>, value: string): boolean {
  const family = isIP(value) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(value) === 0 || name.octets.length !== (family === 'ipv6' ? 16 : 4)) return false;
  const hex = Buffer.from(name.octets).toString('hex');
  const text = family === 'ipv6' ? (hex.match(/.{4}/g) ?? []).join(':') : name.octets.join('.');
  const list = new BlockList();
  list.addAddress(value, family);
  return list.check(text, family);
}

/** RFC 5321 §2.4: the domain is compared without case, and the local part with case. */
function matchesMailbox(own: string, value: string): boolean {
  const at = own.lastIndexOf('@');
  const split = value.lastIndexOf('@');
  return own.slice(0, at) === value.slice(0, split) && own.slice(at).toLowerCase() === value.slice(split).toLowerCase();
}
