import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Input, Kind } from './decoder-questions.js';
import { findSuites } from './find-suites.js';

/** The inputs of the suites' files, the decision vectors and the fuzzers' corpora, each only once. */
export function readSeeds(root: string, data: readonly string[]): readonly Input[] {
  const seeds: Input[] = [];
  const add = (kind: Kind, source: string, all: readonly Uint8Array[]): void => {
    seeds.push(...all.map((bytes) => ({ kind, source, bytes })));
  };
  const fromBase64 = (texts: readonly string[]): readonly Uint8Array[] =>
    texts.map((text) => Buffer.from(text, 'base64'));
  for (const { form, cases } of data.flatMap((path) => findSuites(path, undefined))) {
    for (const { material } of cases) {
      const { target, trustAnchors, intermediates, crlSigners, crls, ocspResponses } = material;
      add('certificate', form, [target, ...trustAnchors, ...intermediates, ...crlSigners]);
      add('list', form, crls);
      add('answer', form, ocspResponses);
    }
  }
  const vectors = readJson(root, 'conformance/decision/vectors/vectors.json') as Vectors;
  add('certificate', 'vectors', fromBase64(Object.values(vectors.certificates)));
  add('list', 'vectors', fromBase64(Object.values(vectors.lists)));
  const folder = join(root, 'proof/fuzzing/corpus');
  for (const file of readdirSync(folder)) {
    const { inputs, found = [] } = readJson(folder, file) as Corpus;
    const kind = corpusKinds[file] ?? 'other';
    const texts = inputs.flatMap(({ text }) => (text === undefined ? [] : [Buffer.from(text)]));
    add(kind, 'corpora', [...texts, ...fromBase64([...inputs.flatMap(({ base64 = [] }) => base64), ...found])]);
  }
  const distinct = new Map(seeds.map((seed) => [`${seed.kind} ${Buffer.from(seed.bytes).toString('latin1')}`, seed]));
  return [...distinct.values()];
}

interface Vectors {
  readonly certificates: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, string>>;
}

interface Corpus {
  readonly inputs: readonly { readonly text?: string; readonly base64?: string }[];
  readonly found?: readonly string[];
}

const corpusKinds: Readonly<Record<string, Kind>> = {
  'certificate.json': 'certificate',
  'crl.json': 'list',
  'ocsp.json': 'answer',
};

const readJson = (...path: readonly string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));
