import { decodeCertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { findCertificationPath } from '../certification-path/certification-path.js';
import { decodePathCertificate } from '../certificate/path-certificate.js';
import { type WrittenChain, askAbout, readWritten, requireCrls } from './written-path.js';

export type MutatedPart = 'leaf' | 'intermediate' | 'crl';

/** A change of one octet of one part, by exclusive or with `mask`. */
export interface Mutation {
  readonly part: MutatedPart;
  readonly position: number;
  readonly mask: number;
}

export interface MutationResult {
  readonly mutation: Mutation;
  /**
   * `valid`, `undecodable` if the leaf could not be decoded, `thrown` if our code threw, or the code of the path's
   * fault.
   */
  readonly outcome: 'valid' | 'undecodable' | 'thrown' | (string & {});
}

/** Mutations of every octet of the three parts, with the masks that `choose` returns for its position. */
export function* listMutations(
  chain: WrittenChain,
  choose: (position: number) => readonly number[],
): Generator<Mutation> {
  for (const part of ['leaf', 'intermediate', 'crl'] as const) {
    for (let position = 0; position < getPart(chain, part).length; position += 1) {
      for (const mask of choose(position)) if (mask !== 0) yield { part, position, mask };
    }
  }
}

/** What becomes of the changed chain, if every certificate below the root needs a CRL. */
export function tryMutation(chain: WrittenChain, mutation: Mutation): MutationResult {
  try {
    return { mutation, outcome: decide(chain, mutation) };
  } catch {
    return { mutation, outcome: 'thrown' };
  }
}

/** Whether the unchanged chain is valid. If it is not, its mutations prove nothing. */
export function isUnchangedValid(chain: WrittenChain): boolean {
  return decide(chain, { part: 'leaf', position: 0, mask: 0 }) === 'valid';
}

function decide(chain: WrittenChain, mutation: Mutation): string {
  const mutate = (part: MutatedPart): Buffer => {
    const bytes = Buffer.from(getPart(chain, part));
    const octet = bytes[mutation.position] ?? 0;
    if (mutation.part === part) bytes[mutation.position] = octet ^ mutation.mask;
    return bytes;
  };
  const leaf = decodePathCertificate(mutate('leaf'));
  if (!leaf.ok) return 'undecodable';
  const intermediate = decodePathCertificate(mutate('intermediate'));
  const crls = [chain.crls[0], mutate('crl')].map(decodeCertificateRevocationList);
  const verdict = findCertificationPath(
    askAbout(leaf.value, readWritten(decodePathCertificate, chain.root), {
      intermediates: intermediate.ok ? [intermediate.value] : [],
      revocation: requireCrls(crls.flatMap((crl) => (crl.ok ? [crl.value] : []))),
    }),
  );
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

function getPart(chain: WrittenChain, part: MutatedPart): Buffer {
  return part === 'crl' ? chain.crls[1] : chain[part];
}
