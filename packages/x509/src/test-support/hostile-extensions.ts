import type { PathQuestion } from '../certification-path/certification-path.js';
import { extensions, generalNames } from './extension-writing.js';
import { askAbout, newName, writeAuthority, writeClient } from './written-path.js';

const { dns } = generalNames;

/**
 * Half of the constraints permit names, and half exclude names. Every name of the client is permitted, but only by the
 * last constraint that permits.
 */
export function askNames(constraints: number, names: number, authorities = 1): PathQuestion {
  const permitted = [...count(constraints / 2 - 1).map((index) => dns(`p${index}.example`)), dns('good.example')];
  const excluded = count(constraints / 2).map((index) => dns(`x${index}.good.example`));
  const chain = [newName('Root'), ...count(authorities).map((index) => newName(`Authority ${index}`))];
  const [root] = chain;
  const last = chain.at(-1);
  if (root === undefined || last === undefined) throw new Error('no chain');
  const intermediates = chain
    .slice(1)
    .map((subject, index) => writeAuthority(subject, chain[index], extensions.nameConstraints(permitted, excluded)));
  const names_ = extensions.subjectAlternativeName(...count(names).map((index) => dns(`n${index}.good.example`)));
  return askAbout(writeClient(last, names_), writeAuthority(root), { intermediates });
}

/**
 * Many policies and mappings. In a policy tree, each CA that maps each policy to each would multiply the nodes (RFC
 * 9618 §4). The path requires an explicit policy.
 */
export function askPolicies(
  authorities: number,
  policies: number,
  maps: 'each to each' | 'each to the next',
): PathQuestion {
  const identifiers = count(policies).map((index) => `1.3.6.1.4.1.99999.${index + 1}`);
  const targetsOf = (index: number): readonly string[] =>
    maps === 'each to each' ? identifiers : [identifiers[(index + 1) % policies] ?? ''];
  const mappings = identifiers.flatMap((from, index) => targetsOf(index).map((to) => [from, to] as const));
  const more = [
    extensions.certificatePolicies(...identifiers),
    extensions.policyMappings(...mappings),
    extensions.policyConstraints(0),
  ];
  const chain = [newName('Root'), ...count(authorities).map((index) => newName(`Authority ${index}`))];
  const [root] = chain;
  const last = chain.at(-1);
  if (root === undefined || last === undefined) throw new Error('no chain');
  const intermediates = chain.slice(1).map((subject, index) => writeAuthority(subject, chain[index], ...more));
  const target = writeClient(last, extensions.certificatePolicies(...identifiers));
  return askAbout(target, writeAuthority(root), { intermediates, maximumIntermediates: authorities });
}

function count(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
