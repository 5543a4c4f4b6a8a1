import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CertificateRevocationList,
  decodeCertificateRevocationList,
} from '../revocation/certificate-revocation-list.js';
import { decodePathCertificate } from '../certificate/path-certificate.js';
import { isMlDsaKnown, type WrittenName, writeCertificate, writeCrl } from '../test-support/certificate-writing.js';
import { editCertificate, getNode, parseTree } from '../test-support/der-editing.js';
import { bitString, objectIdentifier, sequence } from '../test-support/der-writing.js';
import { authorityExtensions, clientExtensions, extensions, generalNames } from '../test-support/extension-writing.js';
import { askMesh, askSameNameMesh } from '../test-support/hostile-graphs.js';
import {
  askAbout,
  newName,
  readWritten,
  requireCrls,
  write,
  writeAuthority,
  writeClient,
} from '../test-support/written-path.js';
import { findCertificationPath, type PathQuestion } from './certification-path.js';
import { describePathFault } from './path-fault-sentence.js';

const codeOf = (question: PathQuestion): string => {
  const verdict = findCertificationPath(question);
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
};

const [root, upper, lower] = [newName('Root'), newName('Upper'), newName('Lower')];
const anchor = writeAuthority(root);
const chain = [writeAuthority(upper, root), writeAuthority(lower, upper)] as const;
const client = writeClient(lower);

const listOf = (issuer: WrittenName, ...revoked: readonly number[]): CertificateRevocationList =>
  readWritten(decodeCertificateRevocationList, writeCrl({ issuer, revoked }));

it('a question must say whether revocation is checked', () => {
  assert.throws(
    () => findCertificationPath(askAbout(client, anchor, { revocation: 'on' as 'off' })),
    /"revocation" must be "off", or an object/,
  );
});

describe('CA certificates that came with the target', () => {
  it('lead to a trust anchor, in any order', () => {
    assert.equal(codeOf(askAbout(client, anchor)), 'path_not_found');
    for (const candidates of [chain, [...chain].reverse(), [...chain, ...chain], [anchor, ...chain]]) {
      const verdict = findCertificationPath(askAbout(client, anchor, { candidates }));
      assert.ok(verdict.outcome === 'valid');
      assert.deepEqual(verdict.certificates, [...chain, client]);
      assert.equal(verdict.trustAnchor, anchor);
    }
  });

  it('are never trust anchors', () => {
    const own = newName('Root');
    const target = writeClient(own);
    assert.equal(codeOf(askAbout(target, writeAuthority(own))), 'valid');
    const verdict = findCertificationPath(askAbout(target, anchor, { candidates: [writeAuthority(own)] }));
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_signature_invalid');
    assert.match(
      describePathFault(verdict),
      /None of the unknown CA certificates that came with it \(1\) leads to the authority/,
    );
  });

  it("are not called unknown if they are the authority's own", () => {
    const constrained = writeAuthority(lower, upper, extensions.nameConstraints([], [generalNames.dns('example')]));
    const target = writeClient(lower, extensions.subjectAlternativeName(generalNames.dns('a.example')));
    const own = [chain[0], constrained];
    for (const [candidates, count] of [
      [own, undefined],
      [[anchor, ...own], undefined],
      [[...own, writeAuthority(newName('Upper'))], 1],
    ] as const) {
      const verdict = findCertificationPath(askAbout(target, anchor, { intermediates: own, candidates }));
      assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_name_not_permitted');
      assert.equal(verdict.unvouchedCandidates, count);
    }
  });

  it("cost no signature with a key that isn't the authority's, however many they are and however they are linked", () => {
    for (const { target, intermediates } of [askMesh(8, false), askSameNameMesh(8)]) {
      const limits = { steps: 2 * intermediates.length, signatures: 0, comparisons: 0 };
      const question = askAbout(target, anchor, { candidates: intermediates, limits });
      assert.equal(codeOf(question), 'path_not_found');
    }
  });

  it('that claim the anchor as their issuer cost one signature each, until the budget is spent and the path is refused', () => {
    const impostor = newName('Root');
    const candidates = Array.from({ length: 8 }, () => writeAuthority(lower, impostor));
    const ask = (signatures: number): PathQuestion =>
      askAbout(client, anchor, { candidates, limits: { steps: 16, signatures, comparisons: 0 } });
    assert.equal(codeOf(ask(7)), 'path_budget_exhausted');
    assert.equal(codeOf(ask(8)), 'path_not_found');
  });

  it('are not looked at if the budget was spent before', () => {
    const limits = { steps: 0, signatures: 8, comparisons: 0 };
    const verdict = findCertificationPath(
      askAbout(client, anchor, { intermediates: chain, candidates: chain, limits }),
    );
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_budget_exhausted');
    assert.match(describePathFault(verdict), /more steps/);
  });

  it("never lead to a path through a signature that this runtime can't verify, whatever they vouch for", () => {
    const mlDsa = sequence(objectIdentifier('2.16.840.1.101.3.4.3.17'));
    const publicKey = sequence(mlDsa, bitString(Buffer.alloc(1312)));
    const ofMlDsa = writeAuthority({ ...root, key: { ...root.key, publicKey } });
    const claim = (subject: WrittenName): PathQuestion['target'] => {
      const extensionList = authorityExtensions(subject.key, root.key);
      const der = editCertificate(writeCertificate({ subject, issuer: root, extensions: extensionList }), (node) => {
        for (const each of [getNode(node, 0, 2), getNode(node, 1)]) Object.assign(each, parseTree(mlDsa));
      });
      return readWritten(decodePathCertificate, der);
    };
    const expected = isMlDsaKnown ? 'path_not_found' : 'algorithm_unsupported_by_runtime';
    const candidates = [claim(upper), chain[1]];
    assert.equal(codeOf(askAbout(client, ofMlDsa, { candidates })), expected);
    // An anchor whose signatures can be verified is not concerned.
    assert.equal(codeOf(askAbout(client, anchor, { candidates })), 'path_not_found');
    const others = Array.from({ length: 7 }, () => newName('Mesh'));
    const mesh = others.flatMap((subject, index) => [
      claim(subject),
      ...others.slice(index + 1).map((issuer) => writeAuthority(subject, issuer)),
    ]);
    const [first = upper] = others;
    const code = codeOf(askAbout(writeClient(first), ofMlDsa, { candidates: mesh }));
    assert.ok([expected, 'path_budget_exhausted'].includes(code), code);
  });

  it("don't hinder a path that is valid without them", () => {
    const impostor = newName('Root');
    const candidates = Array.from({ length: 200 }, () => writeAuthority(lower, impostor));
    const question = askAbout(client, anchor, { intermediates: chain, candidates });
    assert.equal(codeOf({ ...question, limits: { steps: 3, signatures: 3, comparisons: 10 } }), 'valid');
  });

  it('are included in limits on CAs: length, number and names', () => {
    const limited = write({
      subject: upper,
      issuer: root,
      extensions: [
        extensions.basicConstraints(true, 0),
        extensions.keyUsage('keyCertSign'),
        extensions.subjectKeyIdentifier(upper.key),
        extensions.authorityKeyIdentifier(root.key),
      ],
    });
    const candidates = [limited, chain[1]];
    assert.equal(codeOf(askAbout(client, anchor, { candidates })), 'path_length_exceeded');
    const two = { candidates: chain, maximumIntermediates: 1 };
    assert.equal(codeOf(askAbout(client, anchor, two)), 'path_length_exceeded');
  });
});

describe('revocation on a path over CA certificates that came with the target', () => {
  const serialNumber = 77;
  const revokedClient = write({
    subject: newName('client'),
    issuer: lower,
    serialNumber,
    extensions: clientExtensions(lower.key),
  });
  const lists = [listOf(root), listOf(upper), listOf(lower, serialNumber)];
  const ask = (target: PathQuestion['target'], more: Partial<PathQuestion>): PathQuestion =>
    askAbout(target, anchor, { candidates: chain, revocation: requireCrls(lists), ...more });

  it('is checked as on any other path, and an unknown status is refused', () => {
    assert.equal(codeOf(ask(client, {})), 'valid');
    assert.equal(codeOf(ask(revokedClient, {})), 'certificate_revoked');
    for (const missing of [0, 1, 2]) {
      const revocation = requireCrls(lists.filter((_, index) => index !== missing));
      assert.equal(codeOf(ask(client, { revocation })), 'revocation_unavailable');
    }
  });

  it("is required there, even if the authority's mode is when-available", () => {
    const revocation = { ...requireCrls([]), mode: 'when-available' } as const;
    assert.equal(codeOf(ask(client, { revocation, candidates: [], intermediates: chain })), 'valid');
    assert.equal(codeOf(ask(client, { revocation })), 'revocation_unavailable');
    // The list revokes, but the caller hides it behind a certificate of its issuer that may not sign lists.
    const mute = write({
      subject: lower,
      issuer: upper,
      extensions: [
        extensions.basicConstraints(true),
        extensions.keyUsage('keyCertSign'),
        extensions.subjectKeyIdentifier(lower.key),
        extensions.authorityKeyIdentifier(upper.key),
      ],
    });
    const hidden = ask(revokedClient, { revocation: { ...revocation, crls: lists }, candidates: [chain[0], mute] });
    assert.equal(codeOf(hidden), 'revocation_unavailable');
    assert.equal(codeOf({ ...hidden, revocation: { ...revocation, mode: 'off' } }), 'valid');
  });

  it("that the authority's own certificates show stays, whatever other certificate of the CA the caller sends", () => {
    const revoked = write({
      subject: lower,
      issuer: root,
      serialNumber,
      extensions: [
        extensions.basicConstraints(true),
        extensions.keyUsage('keyCertSign', 'cRLSign'),
        extensions.subjectKeyIdentifier(lower.key),
        extensions.authorityKeyIdentifier(root.key),
      ],
    });
    const revocation = requireCrls([listOf(root, serialNumber), listOf(upper), listOf(lower)]);
    const question = askAbout(client, anchor, { intermediates: [revoked], revocation });
    assert.equal(codeOf(question), 'certificate_revoked');
    assert.equal(codeOf({ ...question, intermediates: [revoked, ...chain] }), 'valid');
    assert.equal(codeOf({ ...question, candidates: chain }), 'certificate_revoked');
    const unknown = requireCrls([listOf(lower)]);
    assert.equal(codeOf({ ...question, candidates: chain, revocation: unknown }), 'revocation_unavailable');
  });

  it('is not shown by a list that only a candidate outside the path could have signed', () => {
    // The CA has a second key, with which it signs its lists.
    const second = newName('Lower');
    const crls = [listOf(root), listOf(upper), listOf(second)];
    for (const signer of [writeAuthority(second, root), writeAuthority(second, upper)]) {
      const question = ask(client, { revocation: requireCrls(crls), candidates: [...chain, signer] });
      assert.equal(codeOf(question), 'revocation_unavailable');
      const rfc5280 = { ...question, profile: 'rfc5280' } as const;
      assert.equal(codeOf(rfc5280), 'revocation_unavailable');
      assert.equal(codeOf({ ...rfc5280, intermediates: [...chain, signer] }), 'valid');
    }
  });

  it('makes a responder be asked only about CAs of the path', () => {
    const wanted = new Set<string>();
    const onOcspWanted = (certificate: PathQuestion['target']): void => {
      wanted.add(certificate.subjectText);
    };
    const aside = writeAuthority(newName('Aside'), root);
    const revocation = { ...requireCrls([]), onOcspWanted };
    const question = ask(client, { revocation, candidates: [...chain, aside, writeAuthority(newName('Made up'))] });
    assert.equal(codeOf(question), 'revocation_unavailable');
    assert.deepEqual([...wanted].sort(), ['CN=Lower', 'CN=Upper', 'CN=client']);
  });
});
