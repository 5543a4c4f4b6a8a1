import { randomInt } from 'node:crypto';
import {
  type MutationResult,
  isUnchangedValid,
  listMutations,
  tryMutation,
} from '@certgate/x509/test-support/path-mutation.js';
import { writeChain } from '@certgate/x509/test-support/written-path.js';

// Changes every octet of a leaf, an intermediate and its CRL, with four masks: the lowest bit, the highest bit, all
// bits, and a random one. Exits with 1 if a changed chain is valid, or if the validator throws. The tests take one mask
// for each octet or, where a part is long, for a share of its octets.
const kinds = ['p-256', 'rsa-2048', 'ed25519'] as const;

let isClean = true;
for (const kind of kinds) {
  const chain = writeChain(kind);
  if (!isUnchangedValid(chain)) throw new Error(`The ${kind} chain isn't valid as it was written.`);
  const started = performance.now();
  const results: MutationResult[] = [];
  for (const mutation of listMutations(chain, () => [0x01, 0x80, 0xff, randomInt(2, 255)])) {
    results.push(tryMutation(chain, mutation));
  }
  const count = (wanted: string): number => results.filter(({ outcome }) => outcome === wanted).length;
  const [accepted, thrown, undecodable] = [count('valid'), count('thrown'), count('undecodable')];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${kind}: ${results.length} changes of ${chain.leaf.length} + ${chain.intermediate.length} + ${chain.crls[1].length} octets; ${accepted} accepted, ${thrown} thrown, ${undecodable} leaves undecodable; ${seconds} s`,
  );
  for (const { mutation } of results.filter(({ outcome }) => outcome === 'valid' || outcome === 'thrown')) {
    console.log(`  ${JSON.stringify(mutation)}`);
    isClean = false;
  }
}
process.exitCode = isClean ? 0 : 1;
