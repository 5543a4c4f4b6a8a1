import { aGeneralName, type GeneralName } from '../certificate/general-name.js';
import { expectArgument } from '../encoding/own-members.js';
import { endOfLabels, formatBits, type NameLocation, type NameSubtree } from './name-subtrees.js';

export type SubtreeList = 'permitted' | 'excluded';

/** The place of a name among those of its form. Undefined if it can't be compared with constraints. */
export function locateName(name: GeneralName): NameLocation | undefined {
  switch (name.form) {
    case 'directoryName':
      return name.name.incomparableType === undefined ? locate(name.name.relativeNames) : undefined;
    case 'dNSName':
      return locateDnsName(name.text);
    case 'rfc822Name':
      return locate(findMailboxParts(name.text));
    case 'uniformResourceIdentifier':
      return locate(findUriParts(name.text));
    case 'iPAddress':
      return locate(Array.from(formatBits(name.octets)));
    case 'registeredID':
      return locate([...name.objectIdentifier.split('.'), endOfLabels]);
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
      return undefined;
  }
}

function locate(parts: readonly string[] | undefined): NameLocation | undefined {
  return parts && { parts, isWildcard: false };
}

function locateDnsName(text: string): NameLocation | undefined {
  if (!text.startsWith('*.')) return locate(findHostLabels(text));
  const labels = findHostLabels(text.slice(2));
  return labels && { parts: [...labels, '*'], isWildcard: true };
}

/**
 * The parts of a mailbox: the host's labels, the local part in lower case, then the local part as it is. RFC 5280 §7.5
 * distinguishes `Bob@` from `bob@`, but mail systems don't. Quoted local parts are refused, because they are a second
 * spelling of the same mailbox.
 */
function findMailboxParts(text: string): readonly string[] | undefined {
  const [, local, host] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(text) ?? [];
  const labels = host === undefined ? undefined : findHostLabels(host);
  return local === undefined ? undefined : labels && [...labels, endOfLabels, local.toLowerCase(), local];
}

/**
 * §4.2.1.10: a URI without an authority, or with an address instead of a host name, must be rejected. So is one that
 * readers interpret in different ways: a backslash, a second `@`, an escaped host.
 */
function findUriParts(text: string): readonly string[] | undefined {
  const [, host] = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([\w.-]+)(?::\d*)?(?:[/?#].*)?$/i.exec(text) ?? [];
  const labels = host === undefined ? undefined : findHostLabels(host);
  return labels && [...labels, endOfLabels];
}

/**
 * The readings of a DNS name constraint like `.corp.example`. RFC 5280 §4.2.1.10 defines a leading dot for URIs and
 * mailboxes, and readers differ for DNS names. `refuse`: the constraint can't be processed, so every DNS name below is
 * refused. `subdomains-only`: like OpenSSL, it contains `a.corp.example` and not `corp.example`.
 */
export const leadingDotReadings = ['refuse', 'subdomains-only'] as const;

/** How a DNS name constraint with a leading dot, such as `.corp.example`, is read. RFC 5280 does not define it. */
export type LeadingDotReading = (typeof leadingDotReadings)[number];

/** The subtree of a base, except for addresses. Undefined if the base can't be processed. */
export function findSubtree(
  base: GeneralName,
  list: SubtreeList,
  leadingDot: LeadingDotReading,
): NameSubtree | undefined {
  switch (base.form) {
    case 'directoryName':
      return base.name.incomparableType === undefined ? subtreeOf(base.name.relativeNames) : undefined;
    case 'dNSName':
      return findDnsSubtree(base.text, leadingDot);
    case 'rfc822Name':
      return base.text.includes('@') ? findMailboxSubtree(base.text, list) : findHostSubtree(base.text);
    case 'uniformResourceIdentifier':
      return findHostSubtree(base.text);
    case 'registeredID':
      return subtreeOf([...base.objectIdentifier.split('.'), ...(list === 'permitted' ? [endOfLabels] : [])]);
    case 'iPAddress':
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
      return undefined;
  }
}

function findDnsSubtree(text: string, leadingDot: LeadingDotReading): NameSubtree | undefined {
  if (text === '') return subtreeOf([]);
  if (!text.startsWith('.')) return subtreeOf(findHostLabels(text));
  const parts = leadingDot === 'subdomains-only' ? findHostLabels(text.slice(1)) : undefined;
  return parts && { parts, isBaseOutside: true };
}

/** Whether the meaning of the base depends on how a leading dot is read. */
export function hasLeadingDot(base: GeneralName): base is GeneralName & { readonly text: string } {
  expectArgument(base, aGeneralName, 'The name for hasLeadingDot');
  return base.form === 'dNSName' && base.text.startsWith('.') && findHostLabels(base.text.slice(1)) !== undefined;
}

function subtreeOf(parts: readonly string[] | undefined): NameSubtree | undefined {
  return parts && { parts, isBaseOutside: false };
}

/** An excluded mailbox is compared without regard to letter case. */
function findMailboxSubtree(text: string, list: SubtreeList): NameSubtree | undefined {
  const parts = findMailboxParts(text);
  return subtreeOf(list === 'excluded' ? parts?.slice(0, -1) : parts);
}

/** `example.com` is only that host, `.example.com` every host below it. */
function findHostSubtree(text: string): NameSubtree | undefined {
  const isBaseOutside = text.startsWith('.');
  const labels = findHostLabels(isBaseOutside ? text.slice(1) : text);
  return labels && { parts: isBaseOutside ? labels : [...labels, endOfLabels], isBaseOutside };
}

/**
 * The labels of a host name, in lower case, the most general first. Undefined if the text is not a host name, or if it
 * has a dot at either end, a wildcard, or a form that a URI parser would take for an IPv4 address.
 */
export function findHostLabels(text: string): readonly string[] | undefined {
  if (text.length > 253) return undefined;
  const labels = text.split('.').reverse();
  // RFC 1034 §3.5, and the underscore, which is in use. Checked before letter case is folded, because folding turns the
  // Kelvin sign into "k".
  const isHost = labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  if (!isHost || /^(?:\d+|0[xX][\dA-Fa-f]*)$/.test(labels[0] ?? '')) return undefined;
  return labels.map((label) => label.toLowerCase());
}
