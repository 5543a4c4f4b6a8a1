import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createRandom } from '@certgate/x509/test-support/flawed-chains.js';
import { type Decoders, type Input, compareInput, memoryForms } from './decoder-questions.js';
import { readSeeds } from './decoder-seeds.js';
import { mutateDer } from './mutated-der.js';
import { SuiteError } from './suite.js';

const help = `Compares the decoders of another checkout with those of this one.

npm run conformance -- decoders CHECKOUT [--count 1000000] [--seed 1] [--data PATH …] [--input BASE64]

  CHECKOUT  another clone of the project, built
  --count   the number of mutated certificates, lists and OCSP answers
  --seed    chooses the mutations
  --data    suites, as "npm run conformance" reads them; otherwise ../shared/data, if it exists
  --input   compares this input only, such as one that a run has printed

Exit codes:
  0  every value is equal, or both checkouts give the same fault
  1  a value differs: the shortest input that shows it is printed
  2  the run could not be made, or compared too little
`;

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The least share in percent. If fewer mutated inputs of a kind are accepted, or fewer refused, the run proves nothing.
 */
const leastShare = 1;
const mostDifferences = 500;
/** The longest input that is mutated, in octets. A longer one would take the time of many. */
const longestMutated = 8192;

const mutatedKinds = ['certificate', 'certificate', 'list', 'answer'] as const;

class Comparison {
  readonly #decoders: readonly [Decoders, Decoders];
  readonly #tallies = new Map<string, { accepted: number; refused: number }>();
  #shortest: { readonly found: string; readonly bytes: Uint8Array } | undefined;
  #differenceCount = 0;

  constructor(decoders: readonly [Decoders, Decoders]) {
    this.#decoders = decoders;
  }

  add(input: Input, form: number, isAltered: boolean): void {
    const { found, isAccepted } = compareInput(this.#decoders, input, form, isAltered);
    const name = `${input.source}, ${input.kind}`;
    const tally = this.#tallies.get(name) ?? { accepted: 0, refused: 0 };
    this.#tallies.set(name, tally);
    tally[isAccepted ? 'accepted' : 'refused'] += 1;
    if (found === undefined) return;
    this.#differenceCount += 1;
    if (input.bytes.length < (this.#shortest?.bytes.length ?? Infinity)) this.#shortest = { found, bytes: input.bytes };
  }

  addSeed(input: Input): void {
    for (let form = 0; form < memoryForms; form += 1)
      for (const isAltered of [false, true]) this.add({ ...input, kind: 'other' }, form, isAltered);
  }

  addMutated(seeds: readonly Input[], count: number, seed: number): void {
    const lists = mutatedKinds.map((kind) =>
      seeds.filter((each) => each.kind === kind && each.bytes.length <= longestMutated),
    );
    for (let index = 0; index < count && this.#differenceCount < mostDifferences; index += 1) {
      const random = createRandom(Math.imul(seed * 1_000_003 + index + 1, 0x9e3779b1));
      const choose = (below: number): number => Math.floor(random() * below);
      const list = lists[index % lists.length] ?? [];
      const [input, other] = [list[choose(list.length)], list[choose(list.length)]];
      if (input === undefined || other === undefined) continue;
      const bytes = mutateDer(input.bytes, other.bytes, choose);
      this.add({ ...input, source: 'mutated', bytes }, choose(memoryForms), choose(8) === 0);
    }
  }

  /** Prints the result, and returns the exit code. */
  report(isMutated: boolean): number {
    for (const [name, { accepted, refused }] of this.#tallies)
      console.log(`${name}: ${accepted} accepted, ${refused} refused`);
    if (this.#shortest !== undefined) {
      const { found, bytes } = this.#shortest;
      console.log(`${this.#differenceCount} inputs differ. The shortest, with the value of CHECKOUT first: ${found}`);
      console.log(Buffer.from(bytes).toString('base64'));
      return 1;
    }
    const thin = isMutated ? mutatedKinds.find((kind) => this.#isThin(`mutated, ${kind}`)) : undefined;
    if (thin === undefined) console.log('Every value is equal.');
    else console.log(`Too few mutated inputs were accepted, or refused, to compare the decoders: ${thin}.`);
    return thin === undefined ? 0 : 2;
  }

  #isThin(name: string): boolean {
    const { accepted, refused } = this.#tallies.get(name) ?? { accepted: 0, refused: 0 };
    return accepted + refused === 0 || Math.min(accepted, refused) * 100 < (accepted + refused) * leastShare;
  }
}

async function loadDecoders(checkout: string): Promise<Decoders> {
  const load = async (entry: string): Promise<object> => {
    const file = join(resolve(checkout), 'packages/x509/dist', `${entry}.mjs`);
    if (!existsSync(file)) throw new SuiteError(`${file} is missing. Build that checkout: npm ci && npm run build`);
    return (await import(pathToFileURL(file).href)) as object;
  };
  return Object.assign({}, ...(await Promise.all(['internal', 'internal-certificates', 'path'].map(load)))) as Decoders;
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      data: { type: 'string', multiple: true },
      input: { type: 'string' },
    },
  });
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const [checkout] = positionals;
  if (checkout === undefined || !Number.isInteger(count) || !Number.isInteger(seed)) throw new SuiteError(help);
  const comparison = new Comparison([await loadDecoders(checkout), await loadDecoders(root)]);
  if (values.input !== undefined) {
    comparison.addSeed({ kind: 'other', source: 'given', bytes: Buffer.from(values.input, 'base64') });
    return comparison.report(false);
  }
  const shared = join(root, '../shared/data');
  const data = values.data ?? (existsSync(shared) ? [shared] : []);
  if (data.length === 0) console.log('Without --data, no published suite is compared.');
  const seeds = readSeeds(root, data);
  for (const each of seeds) comparison.addSeed(each);
  comparison.addMutated(seeds, count, seed);
  return comparison.report(true);
}

try {
  process.exitCode = await run();
} catch (error) {
  const isUsage = error instanceof SuiteError || (error instanceof TypeError && 'code' in error);
  if (!isUsage) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
