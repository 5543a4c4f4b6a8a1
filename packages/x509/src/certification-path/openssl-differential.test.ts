import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { type FlawedChain, createRandom, listRandomChains, listSingleFlaws } from '../test-support/flawed-chains.js';
import { disagreements } from '../test-support/openssl-disagreements.js';
import { verifyByOpenssl } from '../test-support/openssl-verify.js';
import { askAbout, readCrls, requireCrls } from '../test-support/written-path.js';
import { findCertificationPath } from './certification-path.js';
import { decodePathCertificate } from '../certificate/path-certificate.js';

// Chains with and without flaws, judged by us and by `openssl verify -x509_strict`. Every difference must be on the
// list.
const seed = randomInt(1, 2 ** 31);
const chains = [...listSingleFlaws(1000), ...listRandomChains(5000, 300, createRandom(seed))];
const seen = new Set<(typeof disagreements)[number]>();

/** The code of our fault, or undefined if the chain is valid. */
function judge({ written: { certificates, crls } }: FlawedChain, checksCrls: boolean): string | undefined {
  const [anchor, ...rest] = certificates.map(decodePathCertificate);
  const target = rest.pop();
  if (target?.ok !== true || anchor?.ok !== true) return 'undecodable';
  const verdict = findCertificationPath(
    askAbout(target.value, anchor.value, {
      intermediates: rest.flatMap((decoding) => (decoding.ok ? [decoding.value] : [])),
      ...(checksCrls && { revocation: requireCrls(readCrls(crls)) }),
    }),
  );
  return verdict.outcome === 'valid' ? undefined : verdict.code;
}

function explain({ done }: FlawedChain, ours: string | undefined, theirs: string | undefined): boolean {
  const found = disagreements.find(
    (entry) =>
      entry.ours === ours &&
      entry.theirs === theirs &&
      entry.flaws.some((flaw) => done.some((each) => each.startsWith(`${flaw} at `))),
  );
  if (found !== undefined) seen.add(found);
  return found !== undefined;
}

describe('chains with flaws, compared with openssl verify', () => {
  for (const checksCrls of [false, true]) {
    it(`${checksCrls ? 'with CRLs' : 'without CRLs'}: both give the same verdict, or the list has the reason`, () => {
      const theirs = verifyByOpenssl(chains, checksCrls);
      let valid = 0;
      for (const [index, chain] of chains.entries()) {
        const ours = judge(chain, checksCrls);
        if (ours === undefined) valid += 1;
        if ((ours === undefined) === (theirs[index] === undefined)) continue;
        const said = `ours: ${ours ?? 'valid'}, openssl: ${theirs[index] ?? 'valid'}`;
        assert.ok(explain(chain, ours, theirs[index]), `[${chain.done.join('; ')}] ${said} (seed ${seed})`);
      }
      // There must be enough valid and invalid chains, otherwise the agreement shows nothing.
      assert.ok(valid > 60 && valid < chains.length - 60, String(valid));
    });
  }

  it('every listed difference occurs', () => {
    assert.deepEqual(
      disagreements.filter((entry) => !seen.has(entry)),
      [],
    );
  });
});
