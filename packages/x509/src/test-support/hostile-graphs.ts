import type { PathQuestion } from '../certification-path/certification-path.js';
import { type WritingKeyKind, type WrittenName, makeWritingKey } from './certificate-writing.js';
import { askAbout, newName, writeAuthority, writeClient } from './written-path.js';

/** Two CAs that have signed each other, without a path from either to the anchor. */
export function askCrossSigned(): PathQuestion {
  const [left, right, elsewhere] = [newName('Left'), newName('Right'), newName('Elsewhere')];
  const intermediates = [writeAuthority(left, right), writeAuthority(right, left)];
  return askAbout(writeClient(left), writeAuthority(elsewhere), { intermediates });
}

/** CAs that have all signed each other. The number of paths grows with the factorial of their number. */
export function askMesh(count: number, isAnchored: boolean): PathQuestion {
  const authorities = Array.from({ length: count }, (_, index) => newName(`Authority ${index}`));
  const [first] = authorities;
  const last = authorities.at(-1);
  if (first === undefined || last === undefined) throw new Error('a mesh of none');
  const root = newName('Root');
  const intermediates = [...writeMesh(authorities), ...(isAnchored ? [writeAuthority(last, root)] : [])];
  return askAbout(writeClient(first), writeAuthority(root), { intermediates });
}

/**
 * CAs that have all signed each other and have the same name, so that by their names, every CA's certificate may be the
 * issuer of every other.
 */
export function askSameNameMesh(count: number): PathQuestion {
  const authorities = Array.from({ length: count }, () => newName('Authority'));
  const [first] = authorities;
  if (first === undefined) throw new Error('a mesh of none');
  return askAbout(writeClient(first), writeAuthority(newName('Root')), { intermediates: writeMesh(authorities) });
}

function writeMesh(authorities: readonly WrittenName[]): PathQuestion['intermediates'] {
  return authorities.flatMap((subject) =>
    authorities.filter((issuer) => issuer !== subject).map((issuer) => writeAuthority(subject, issuer)),
  );
}

/**
 * Many issuers with the same name, of which the last one is the client's. The client's authority key identifier is that
 * of the last one, of none, or of all.
 */
export function askCrowd(count: number, pointsTo: 'last' | 'none' | 'all', kind?: WritingKeyKind): PathQuestion {
  const root = newName('Root');
  const shared = makeWritingKey().identifier;
  const crowd = Array.from({ length: count }, (): WrittenName => {
    const key = makeWritingKey(kind);
    return { name: 'Issuer', key: pointsTo === 'all' ? { ...key, identifier: shared } : key };
  });
  const last = crowd.at(-1);
  if (last === undefined) throw new Error('a crowd of none');
  const issuer = pointsTo === 'none' ? { ...last, key: { ...last.key, identifier: shared } } : last;
  const intermediates = crowd.map((subject) => writeAuthority(subject, root));
  return askAbout(writeClient(issuer), writeAuthority(root), { intermediates });
}

export function askLongChain(count: number): PathQuestion {
  const root = newName('Authority');
  const chain = Array.from({ length: count }, (_, index) => newName(`Authority ${index}`));
  const intermediates = chain.map((subject, index) => writeAuthority(subject, chain[index - 1] ?? root));
  return askAbout(writeClient(chain.at(-1) ?? root), writeAuthority(root), { intermediates });
}
