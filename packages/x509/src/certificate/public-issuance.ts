import {
  type CertificateStructure,
  decodeCertificateStructure,
  decodeDistinguishedName,
  type DistinguishedName,
} from './certificate.js';
import { decodeExtensions } from './client-certificate.js';
import type { SubjectAlternativeName } from './general-name.js';
import {
  areOctetsEqual,
  decodeObjectIdentifier,
  DerReader,
  type DerSource,
  derTags,
  toText,
  tryDer,
  enterSequence,
} from '../encoding/der.js';

/**
 * What a certificate shows about its issuer. The first five are evidence for a CA of the public web PKI. The others are
 * evidence against one: rules of the CA/Browser Forum forbid them in TLS server certificates.
 */
export const publicIssuanceEvidence = [
  /**
   * Signed certificate timestamps (RFC 6962 §3.3), which say that the certificate was logged before it was issued. Their
   * signatures are not verified.
   */
  'embedded_timestamps',
  /** A policy of the CA/Browser Forum for TLS server certificates: domain, organization, individual or extended validation. */
  'tls_server_policy',
  /** The issuer's organization has the name of a public CA. Anybody can write that name. */
  'issuer_organization',
  /** Its issuer's certificate, revocation lists or OCSP responder are at an address of a public CA. */
  'issuer_address',
  /** The extended key usage has serverAuth. This doesn't change the verdict. */
  'server_auth',
  /** The extended key usage lacks serverAuth, so changes to the rules for server certificates don't concern it. */
  'no_server_auth',
  /** A policy of the CA/Browser Forum for S/MIME, and none for TLS servers. Such certificates keep their usages. */
  'mail_policy',
  /** Its subject and its issuer are the same name, octet by octet. No signature is verified. */
  'self_signed',
  /**
   * It has no DNS name and no IP address, or a name that no public CA may certify, such as a URI, a mailbox, a private
   * address, or a host name outside the public domains.
   */
  'private_name',
  /** It is valid for longer than the rules allowed for a public certificate on the day of its issue. */
  'long_lifetime',
] as const;

/** One thing that a certificate shows about its issuer. */
export type PublicIssuanceEvidence = (typeof publicIssuanceEvidence)[number];

/** How much a certificate looks like one of the public web PKI. This informs people; no decision depends on it. */
export interface PublicIssuance {
  /** `cannot_tell`: the bytes can't be read as a certificate. */
  readonly verdict: 'likely' | 'possible' | 'unlikely' | 'cannot_tell';
  /** In the order of `publicIssuanceEvidence`. */
  readonly evidence: readonly PublicIssuanceEvidence[];
  /**
   * Whether it may act as a client now: its extended key usage has clientAuth, or it has no extended key usage. Only
   * then can a renewal take that away. False if the verdict is `cannot_tell`.
   */
  readonly hasClientAuth: boolean;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const extensionTypes = {
  timestamps: '1.3.6.1.4.1.11129.2.4.2',
  policies: '2.5.29.32',
  crlDistributionPoints: '2.5.29.31',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
} as const;

/** CA/Browser Forum, Baseline Requirements §7.1.6.1. 2.23.140.1.1 is from the EV Guidelines. */
const tlsPolicies: ReadonlySet<string> = new Set(['1.1', '1.2.1', '1.2.2', '1.2.3'].map((arc) => `2.23.140.${arc}`));
/** S/MIME Baseline Requirements §7.1.6.1. */
const mailPolicyArc = '2.23.140.1.5.';

/**
 * Organizations of public CAs, in lower case: the roots in Mozilla's list (Debian's ca-certificates 20250419) that
 * issue the most certificates, and the names of their issuing CAs. Read on 2026-11-26. The list is not complete, and
 * need not be.
 */
const organizations: ReadonlySet<string> = new Set([
  "let's encrypt", 'internet security research group', 'digicert inc', 'digicert, inc.', 'sectigo limited',
  'comodo ca limited', 'the usertrust network', 'globalsign nv-sa', 'globalsign', 'google trust services',
  'google trust services llc', 'amazon', 'microsoft corporation', 'entrust, inc.', 'godaddy.com, inc.',
  'starfield technologies, inc.', 'identrust', 'ssl corporation', 'zerossl', 'certainly',
  'actalis s.p.a.', 'harica', 'hellenic academic and research institutions ca', 'swisssign ag', 'd-trust gmbh',
  'deutsche telekom security gmbh', 'quovadis limited', 'asseco data systems s.a.', 'unizeto technologies s.a.',
  'trustasia technologies, inc.',
]); // prettier-ignore

/** Domains in the certificates of the same CAs. */
const domains: readonly string[] = [
  'lencr.org', 'letsencrypt.org', 'digicert.com', 'digicert.cn', 'sectigo.com', 'comodoca.com', 'usertrust.com',
  'globalsign.com', 'pki.goog', 'amazontrust.com', 'entrust.net', 'godaddy.com', 'starfieldtech.com', 'identrust.com',
  'ssl.com', 'zerossl.com', 'certainly.com', 'actalis.it', 'harica.gr', 'swisssign.net',
  'd-trust.net', 'telesec.de', 'quovadisglobal.com', 'certum.pl',
]; // prettier-ignore

/**
 * Judges how much a certificate of an end entity or a CA looks like one of the public web PKI, only by its content. No
 * signature is verified: whoever makes a certificate can make it look like one, or unlike one.
 */
export function judgePublicIssuance(der: Uint8Array): PublicIssuance {
  return tryDer(() => judge(decodeCertificateStructure(der))) ?? unreadable;
}

const unreadable: PublicIssuance = Object.freeze({ verdict: 'cannot_tell', evidence: [], hasClientAuth: false });

function judge(structure: CertificateStructure): PublicIssuance {
  const { extendedKeyUsage, ...extensions } = decodeExtensions(structure.extensions);
  const { isCertificateAuthority, subjectAlternativeNames } = extensions;
  const policies = listPolicies(structure);
  const isTls = policies.some((policy) => tlsPolicies.has(policy));
  const shown: Partial<Record<PublicIssuanceEvidence, boolean>> = {
    embedded_timestamps: structure.extensions.has(extensionTypes.timestamps),
    tls_server_policy: isTls,
    issuer_organization: isPublicName(decodeDistinguishedName(structure.issuer)),
    issuer_address: listAddresses(structure).some(isPublicAddress),
    server_auth: extendedKeyUsage?.includes(serverAuth) === true,
    no_server_auth: extendedKeyUsage?.includes(serverAuth) === false,
    mail_policy: !isTls && policies.some((policy) => policy.startsWith(mailPolicyArc)),
    // A CA's certificate may be self-signed, is valid for many years, and has no host name, so none of these is evidence
    // about it.
    ...(isCertificateAuthority
      ? {}
      : {
          self_signed: areOctetsEqual(structure.issuer.encoded, structure.subject.encoded),
          private_name: !subjectAlternativeNames.some(isName) || subjectAlternativeNames.some(isPrivateName),
          long_lifetime: isValidForLong(structure),
        }),
  };
  const evidence = publicIssuanceEvidence.filter((each) => shown[each] === true);
  return Object.freeze({
    verdict: weigh(new Set(evidence)),
    evidence: Object.freeze(evidence),
    hasClientAuth: extendedKeyUsage?.includes(clientAuth) ?? true,
  });
}

/**
 * Weighs the evidence. Three kinds exclude a public TLS server certificate at once. An embedded timestamp, whose
 * signature is not verified, weighs as much as a policy together with a name or an address. Evidence that the rules
 * forbid such a certificate lowers the verdict by one step, because the CA may have made a mistake.
 */
function weigh(evidence: ReadonlySet<PublicIssuanceEvidence>): PublicIssuance['verdict'] {
  if (evidence.has('no_server_auth') || evidence.has('mail_policy') || evidence.has('self_signed')) return 'unlikely';
  const isNamed = evidence.has('issuer_organization') || evidence.has('issuer_address');
  const hasPolicy = evidence.has('tls_server_policy');
  const isForbidden = evidence.has('private_name') || evidence.has('long_lifetime');
  if (evidence.has('embedded_timestamps') || (hasPolicy && isNamed)) return isForbidden ? 'possible' : 'likely';
  return (isNamed || hasPolicy) && !isForbidden ? 'possible' : 'unlikely';
}

const organizationName = '2.5.4.10';

function isPublicName(issuer: DistinguishedName): boolean {
  return issuer.flat().some(({ type, value }) => type === organizationName && organizations.has(value.toLowerCase()));
}

function isPublicAddress(address: string): boolean {
  const host = /^(?:https?|ldap):\/\/([^/:?#]+)/i.exec(address)?.[1]?.toLowerCase();
  return host !== undefined && domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** Returns the policies' object identifiers. If the extension can't be read, it gives no evidence. */
function listPolicies({ extensions }: CertificateStructure): readonly string[] {
  const value = extensions.get(extensionTypes.policies)?.value;
  if (value === undefined) return [];
  const policies = tryDer(() => {
    const reader = enterSequence(value);
    const found: string[] = [];
    while (!reader.isAtEnd)
      found.push(decodeObjectIdentifier(reader.enter(derTags.sequence).read(derTags.objectIdentifier)));
    return found;
  });
  return policies ?? [];
}

/** The URIs anywhere in the distribution points and the access descriptions (RFC 5280 §4.2.1.13, §4.2.2.1). */
function listAddresses({ extensions }: CertificateStructure): readonly string[] {
  return [extensionTypes.crlDistributionPoints, extensionTypes.authorityInformationAccess].flatMap((type) => {
    const value = extensions.get(type)?.value;
    return tryDer(() => (value === undefined ? [] : listUris(value, 0))) ?? [];
  });
}

const uniformResourceIdentifier = 0x86;
/** The levels are CRLDistributionPoints, DistributionPoint, its name, fullName, and the URI. */
const deepestAddress = 5;

function listUris(der: DerSource, depth: number): readonly string[] {
  const uris: string[] = [];
  const reader = new DerReader(der);
  while (!reader.isAtEnd) {
    const element = reader.read();
    if (element.tag === uniformResourceIdentifier) uris.push(toText(element, 'latin1'));
    else if ((element.tag & 0x20) !== 0 && depth < deepestAddress) uris.push(...listUris(element, depth + 1));
  }
  return uris;
}

const day = 86_400_000;

/**
 * The longest permitted validity of a public TLS certificate in days, by the day of its issue, the latest first:
 * ballots SC-081v3 (2025) and 193 (2017) of the CA/Browser Forum, and Apple's limit of 2020 (Baseline Requirements
 * §6.3.2).
 */
const lifetimes: readonly (readonly [since: number, days: number])[] = [
  [Date.UTC(2029, 2, 15), 47],
  [Date.UTC(2027, 2, 15), 100],
  [Date.UTC(2026, 2, 15), 200],
  [Date.UTC(2020, 8, 1), 398],
  [Date.UTC(2018, 2, 1), 825],
];

function isValidForLong({ notBefore, notAfter }: CertificateStructure): boolean {
  const limit = lifetimes.find(([since]) => notBefore >= since);
  // §6.3.2: both ends belong to the validity.
  return limit !== undefined && notAfter - notBefore + 1000 > limit[1] * day;
}

function isName({ type }: SubjectAlternativeName): boolean {
  return type === 'dns' || type === 'ip';
}

/**
 * Top-level domains that are not for public hosts: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal` (2024), and common
 * habits.
 */
const privateDomains: ReadonlySet<string> = new Set([
  'local', 'internal', 'localhost', 'localdomain', 'test', 'example', 'invalid', 'arpa', 'corp', 'home', 'lan',
  'intranet', 'private', 'cluster', 'svc',
]); // prettier-ignore

/** Baseline Requirements §7.1.2.7.12 and §4.2.2 permit only host names of public domains, and public addresses. */
function isPrivateName({ type, value }: SubjectAlternativeName): boolean {
  if (type === 'ip') return isPrivateAddress(value);
  if (type !== 'dns') return true;
  const labels = value.toLowerCase().split('.');
  return labels.length < 2 || privateDomains.has(labels.at(-1) ?? '');
}

/** Private addresses: RFC 1918, 6598, 3927 and 1122 for IPv4, RFC 4193 and 4291 for IPv6. */
function isPrivateAddress(address: string): boolean {
  if (address.includes(':')) return /^(?:f[cd]|fe[89ab]|::)/i.test(address);
  return /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
    address,
  );
}
