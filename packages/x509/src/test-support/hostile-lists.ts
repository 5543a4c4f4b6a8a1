import type { PathQuestion } from '../certification-path/certification-path.js';
import type { RevocationMode } from '../certification-path/path-revocation.js';
import { makeWritingKey, writeCrl, type WritingKey } from './certificate-writing.js';
import { authorityExtensions, extensions, generalNames } from './extension-writing.js';
import { askAbout, newName, readCrls, requireCrls, write, writeAuthority, writeClient } from './written-path.js';

/** A long revocation list. If `isRevoked`, its last entry is the client's serial number. */
export function askLongList(entries: number, isRevoked: boolean): PathQuestion {
  const root = newName('Root');
  const target = writeClient(root);
  const own = BigInt(`0x${target.serialNumber}`);
  const revoked = [
    ...Array.from({ length: entries - 1 }, (_, index) => 2n ** 80n + BigInt(index)),
    isRevoked ? own : 2n ** 90n,
  ];
  const crls = readCrls([writeCrl({ issuer: root, revoked })]);
  return askAbout(target, writeAuthority(root), { revocation: requireCrls(crls) });
}

/**
 * Signers of CRLs under the authority's own name, each with a list of its own. Whether one of them may sign depends on
 * the lists of all others, in every order. The last list revokes the client.
 */
export function askSigners(count: number, mode: RevocationMode): PathQuestion {
  const root = newName('Root');
  const target = writeClient(root);
  const signers = Array.from({ length: count }, () => ({ name: 'Root', key: makeWritingKey() }));
  const crlSigners = signers.map((subject) =>
    write({ subject, issuer: root, extensions: authorityExtensions(subject.key, root.key) }),
  );
  const own = BigInt(`0x${target.serialNumber}`);
  const lists = signers.map((issuer, index) => writeCrl({ issuer, revoked: index === count - 1 ? [own] : [] }));
  return askAbout(target, writeAuthority(root), { crlSigners, revocation: { ...requireCrls(readCrls(lists)), mode } });
}

/**
 * A client whose distribution point has `ofClient` names, and a list for `ofList` other names, which the authority or
 * `signer` signs. A second list is for all certificates, and revokes the client if `isRevoked`.
 */
export function askManyPoints(
  ofClient: number,
  ofList: number,
  { signer, isRevoked = false }: { readonly signer?: WritingKey; readonly isRevoked?: boolean } = {},
): PathQuestion {
  const root = newName('Root');
  const names = (count: number, text: string): readonly Buffer[] =>
    Array.from({ length: count }, () => generalNames.uri(text));
  const target = writeClient(root, extensions.crlDistributionPoints(names(ofClient, 'a')));
  const points = extensions.issuingDistributionPoint(names(ofList, 'b'));
  const crls = readCrls([
    writeCrl({ issuer: root, extensions: [points], ...(signer && { signer }) }),
    writeCrl({ issuer: root, revoked: isRevoked ? [BigInt(`0x${target.serialNumber}`)] : [] }),
  ]);
  return askAbout(target, writeAuthority(root), { revocation: requireCrls(crls) });
}
