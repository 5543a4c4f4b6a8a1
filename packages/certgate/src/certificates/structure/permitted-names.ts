import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
  type Extension,
} from '@peculiar/asn1-x509';
import { ToolFailure } from '#local/tool-failure.js';
import { createExtension } from './create-extensions.js';
import { createDnsName, createEmailName } from './subject-alternative-name.js';

/**
 * The names that an authority may issue for. If a kind of name isn't listed, all names of that kind are allowed (RFC
 * 5280 §4.2.1.10).
 */
export interface PermittedNames {
  /** DNS names. Each one allows itself and every name below it. */
  readonly permitDns?: readonly string[];
  /** The hosts of URIs. Each one is a host, or `.example.org` for every host below it. */
  readonly permitUri?: readonly string[];
  /** Each one is a mailbox, a host, or `.example.org` for every host below it. */
  readonly permitEmail?: readonly string[];
}

/**
 * The extension for these names. Undefined if there are no constraints. Throws ToolFailure if a name is not of its
 * kind.
 */
export function createNameConstraints(permitted: PermittedNames): Extension | undefined {
  const bases = [
    ...(permitted.permitDns ?? []).map(createDnsName),
    ...(permitted.permitUri ?? []).map((host) => new GeneralName({ uniformResourceIdentifier: checkHost(host) })),
    ...(permitted.permitEmail ?? []).map((text) =>
      text.includes('@') ? createEmailName(text) : new GeneralName({ rfc822Name: checkHost(text) }),
    ),
  ];
  if (bases.length === 0) return undefined;
  const permittedSubtrees = new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
  return createExtension(id_ce_nameConstraints, true, new NameConstraints({ permittedSubtrees }));
}

function checkHost(text: string): string {
  createDnsName(text.replace(/^\./, ''));
  return text;
}

/**
 * Throws ToolFailure if an authority of the path may not issue for one of the names, because verifiers refuse such a
 * certificate. If there is no DNS name, a common name that looks like a host is checked as one, because OpenSSL does
 * so.
 */
export function checkPermittedNames(
  names: readonly GeneralName[],
  commonName: string,
  path: readonly { readonly name: string; readonly permittedNames: readonly GeneralSubtree[] | undefined }[],
): void {
  const hasDns = names.some(({ dNSName }) => dNSName !== undefined);
  const all =
    !hasDns && /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(commonName)
      ? [...names, new GeneralName({ dNSName: commonName })]
      : names;
  for (const authority of path) {
    for (const name of all) checkName(name, authority.permittedNames ?? [], authority.name);
  }
}

function checkName(name: GeneralName, permitted: readonly GeneralSubtree[], authority: string): void {
  for (const { kind, read, isWithin } of kinds) {
    const value = read(name);
    const bases = permitted.flatMap(({ base }) => read(base) ?? []);
    if (value === undefined || bases.length === 0 || bases.some((base) => isWithin(fold(value), fold(base)))) continue;
    throw new ToolFailure(`The authority ${authority} may not issue for the ${kind} ${value}. Nothing was issued.`, {
      remedy: `It may for: ${bases.join(', ')}.`,
    });
  }
}

interface NameKind {
  readonly kind: string;
  readonly read: (name: GeneralName) => string | undefined;
  readonly isWithin: (value: string, base: string) => boolean;
}

const kinds: readonly NameKind[] = [
  {
    kind: 'DNS name',
    read: ({ dNSName }) => dNSName,
    isWithin: (value, base) => value === base || value.endsWith(`.${base}`),
  },
  {
    kind: 'URI',
    read: ({ uniformResourceIdentifier }) => uniformResourceIdentifier,
    isWithin: (value, base) => isHostWithin(new URL(value).hostname, base),
  },
  {
    kind: 'mailbox',
    read: ({ rfc822Name }) => rfc822Name,
    isWithin: (value, base) =>
      base.includes('@') ? value === base : isHostWithin(value.slice(value.lastIndexOf('@') + 1), base),
  },
];

/** A base with a leading dot means all hosts below it. A base without one means only that host. */
function isHostWithin(host: string, base: string): boolean {
  return base.startsWith('.') ? host.endsWith(base) : host === base;
}

function fold(text: string): string {
  return text.toLowerCase();
}
