import { aGeneralName, type GeneralName } from '../certificate/general-name.js';
import { expectArgument } from '../encoding/own-members.js';
import { endOfLabels, formatBits, type NameLocation, type NameSubtree } from './name-subtrees.js';

export type SubtreeList = 'permitted' | 'excluded';

/** Where a name stands among those of its form; undefined: malformed, or of a form that nothing here looks into. */
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
 * The local part in lower case first, then as it is: RFC 5280 §7.5 tells `Bob@` from `bob@`, mail systems don't.
 * Quoted local parts are refused: they are a second spelling of the same mailbox.
 */
function findMailboxParts(text: string): readonly string[] | undefined {
  const [, local, host] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(text) ?? [];
  const labels = host === undefined ? undefined : findHostLabels(host);
  return local === undefined ? undefined : labels && [...labels, endOfLabels, local.toLowerCase(), local];
}

/**
 * §4.2.1.10: a URI without an authority, or with an address in it, is to be rejected. So is one that readers disagree on:
 * a backslash, a second `@`, an escaped host.
 */
function findUriParts(text: string): readonly string[] | undefined {
  const [, host] = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([\w.-]+)(?::\d*)?(?:[/?#].*)?$/i.exec(text) ?? [];
  const labels = host === undefined ? undefined : findHostLabels(host);
  return labels && [...labels, endOfLabels];
}

/**
 * What a DNS name constraint like `.corp.example` says. RFC 5280 §4.2.1.10 gives a leading dot a meaning for URIs alone,
 * and readers differ on DNS names. `refuse`: it can't be processed, so every DNS name beneath is refused.
 * `subdomains-only`: what OpenSSL reads, `a.corp.example` and not `corp.example`.
 */
export const leadingDotReadings = ['refuse', 'subdomains-only'] as const;

/** How a DNS name constraint with a leading dot, such as `.corp.example`, is read. RFC 5280 does not define it. */
export type LeadingDotReading = (typeof leadingDotReadings)[number];

/** The subtree of a base, addresses aside; undefined where the base can't be processed. */
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

/** Does the base depend on how a leading dot is read? */
export function hasLeadingDot(base: GeneralName): base is GeneralName & { readonly text: string } {
  expectArgument(base, aGeneralName, 'The name for hasLeadingDot');
  return base.form === 'dNSName' && base.text.startsWith('.') && findHostLabels(base.text.slice(1)) !== undefined;
}

function subtreeOf(parts: readonly string[] | undefined): NameSubtree | undefined {
  return parts && { parts, isBaseOutside: false };
}

/** Excluded: in any letter case. */
function findMailboxSubtree(text: string, list: SubtreeList): NameSubtree | undefined {
  const parts = findMailboxParts(text);
  return subtreeOf(list === 'excluded' ? parts?.slice(0, -1) : parts);
}

/** `example.com` is that host alone, `.example.com` every host beneath it. */
function findHostSubtree(text: string): NameSubtree | undefined {
  const isBaseOutside = text.startsWith('.');
  const labels = findHostLabels(isBaseOutside ? text.slice(1) : text);
  return labels && { parts: isBaseOutside ? labels : [...labels, endOfLabels], isBaseOutside };
}

/**
 * The labels of a host name, in lower case, the most general first; undefined where the text is none. Refused with the
 * rest: a dot at either end, a wildcard, and whatever a URI parser would take for an IPv4 address.
 */
export function findHostLabels(text: string): readonly string[] | undefined {
  if (text.length > 253) return undefined;
  const labels = text.split('.').reverse();
  // RFC 1034 §3.5; the underscore is in use. Before letter case is folded: folding makes a "k" of the Kelvin sign.
  const isHost = labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  if (!isHost || /^(?:\d+|0[xX][\dA-Fa-f]*)$/.test(labels[0] ?? '')) return undefined;
  return labels.map((label) => label.toLowerCase());
}
