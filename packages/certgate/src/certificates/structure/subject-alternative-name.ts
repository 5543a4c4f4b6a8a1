import { isIP } from 'node:net';
import { GeneralName } from '@peculiar/asn1-x509';
import { ToolFailure } from '#local/tool-failure.js';

export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
}

/** Makes the alternative names. Throws ToolFailure for a name that isn't of its kind. */
export function createAlternativeNames({ dns = [], uri = [], email = [] }: AlternativeNames): readonly GeneralName[] {
  return [...dns.map(createDnsName), ...uri.map(createUriName), ...email.map(createEmailName)];
}

const dnsNamePattern =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const emailPattern = /^[\x21-\x3f\x41-\x7e]{1,64}@[a-z0-9.-]{1,253}$/i;

/**
 * Makes a dNSName (RFC 5280 §4.2.1.6): ASCII in preferred syntax, or with underscores. An internationalized name must
 * be given as its A-label (`xn--…`).
 */
export function createDnsName(value: string): GeneralName {
  if (!dnsNamePattern.test(value) || isIP(value) !== 0) {
    throw new ToolFailure(`"${value}" is not a DNS name.`, {
      remedy: 'Give a host name in ASCII, an internationalized one in its xn-- form.',
    });
  }
  return new GeneralName({ dNSName: value });
}

/** Makes a uniformResourceIdentifier: absolute, with a scheme. SPIFFE ids are such URIs. */
function createUriName(value: string): GeneralName {
  if (!/^[\x21-\x7e]{1,2048}$/.test(value) || !/^[a-z][a-z0-9+.-]*:/i.test(value) || !URL.canParse(value)) {
    throw new ToolFailure(`"${value}" is not an absolute URI in ASCII.`, {
      remedy: 'Give it with its scheme, for example spiffe://example.org/billing.',
    });
  }
  return new GeneralName({ uniformResourceIdentifier: value });
}

/** Makes an rfc822Name: a mailbox in ASCII, without a display name. */
export function createEmailName(value: string): GeneralName {
  if (!emailPattern.test(value)) {
    throw new ToolFailure(`"${value}" is not a mailbox in ASCII.`, { remedy: 'Give it as name@example.org.' });
  }
  return new GeneralName({ rfc822Name: value });
}

/** Makes a name for a host of a URL: an iPAddress for an address, otherwise a dNSName. */
export function createHostName(host: string): GeneralName {
  return isIP(host) === 0 ? createDnsName(host) : new GeneralName({ iPAddress: host });
}
