// The targets of fuzzing, with their shares of the time, and the inputs that each begins with.
import { existsSync, readFileSync } from 'node:fs';

/** The shares of the time. Targets that read what any caller may send, and those that decide, get more. */
export const shares = {
  'front-ends': 8,
  certificate: 8,
  gate: 10,
  scenes: 8,
  path: 5,
  'trust-document': 6,
  crl: 4,
  ocsp: 3,
  encodings: 2,
  'certificate-files': 2,
  log: 2,
  import: 2,
  'spiffe-bundle': 2,
};

export const targetNames = Object.keys(shares);

const corpusFile = (name) => new URL(`corpus/${name}.json`, import.meta.url);

/**
 * The corpus of a target. `inputs` once broke something, or are OCSP answers that openssl made; each is `{ name, base64
 * }` or `{ name, text }`. `found` are inputs that reached new code, in base64.
 */
export function readCorpus(name) {
  return existsSync(corpusFile(name)) ? JSON.parse(readFileSync(corpusFile(name), 'utf8')) : { inputs: [] };
}

const bytesOf = ({ base64, text }) => Buffer.from(text ?? base64, text === undefined ? 'base64' : 'utf8');

/** The module of a target, with all inputs that it begins with. */
export async function loadTarget(name) {
  const target = await import(new URL(`targets/${name}.mjs`, import.meta.url).href);
  const { inputs: crashers, found = [] } = readCorpus(name);
  const inputs = [...target.seeds(), ...crashers.map(bytesOf), ...found.map((base64) => Buffer.from(base64, 'base64'))];
  return { ...target, inputs: inputs.filter(({ length }) => length <= target.maximumLength) };
}
