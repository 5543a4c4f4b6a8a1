// What the targets share: the public certificates and documents of the decision vectors, a limit on time, and readers
// of the fields that front ends write. These readers are as simple as possible, and serve as second opinions: they
// accept more than the gate does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export { assert };

export const vectors = JSON.parse(
  readFileSync(new URL('../../conformance/decision/vectors/vectors.json', import.meta.url), 'utf8'),
);

export const certificates = Object.values(vectors.certificates).map((text) => Buffer.from(text, 'base64'));
export const lists = Object.values(vectors.lists).map((text) => Buffer.from(text, 'base64'));

/**
 * The limit of CPU time, in milliseconds: far above what any input takes, and far below what quadratic work takes at
 * these lengths.
 */
const fixedMilliseconds = 150;
const millisecondsPerKilobyte = 20;

/** Runs the work. Throws if it took more time than its length explains, three times in a row. */
export function inTime(length, work) {
  const limit = fixedMilliseconds + (length / 1024) * millisecondsPerKilobyte;
  for (let attempt = 1; ; attempt += 1) {
    const start = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(start);
    const milliseconds = (user + system) / 1000;
    if (milliseconds <= limit) return result;
    if (attempt === 3) throw new Error(`${Math.round(milliseconds)} ms of CPU time for ${length} bytes`);
  }
}

/**
 * The value of a decoding, or undefined if the decoder refused. A fault "undecodable" is a finding, because no decoder
 * expects it.
 */
export function valueOf(decoding) {
  if (decoding.ok) return decoding.value ?? decoding.certificate ?? decoding.bytes;
  assert.doesNotMatch(String(decoding.fault), /^undecodable/);
  return undefined;
}

/** Runs a reader. @returns undefined if it refuses with an error of these names. Every other error is a finding. */
export async function orRefusal(read, ...names) {
  try {
    return await read();
  } catch (error) {
    if (names.includes(error?.name)) return undefined;
    throw error;
  }
}

const unescape = (text) => text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
const ofBase64 = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64'));
const ofPem = (text) =>
  ofBase64(/^-----BEGIN CERTIFICATE-----\n([\s\S]*)\n-----END CERTIFICATE-----\n?$/.exec(unescape(text ?? ''))?.[1]);
const verified = (result, ...accepted) => [...accepted, 'UNVERIFIED'].includes(result);

/**
 * For each front end, the fields that it sets, and a function that reads the certificate from their values. It returns
 * undefined if there is none.
 */
export const simpleReaders = {
  'app-service': { fields: ['x-arr-clientcert'], read: ([leaf]) => ofBase64(leaf) },
  'application-gateway': {
    fields: ['x-client-certificate', 'x-client-certificate-verification'],
    read: ([leaf, result]) => (verified(result, 'SUCCESS', 'PASSTHROUGH') ? ofPem(leaf) : undefined),
  },
  envoy: {
    fields: ['x-forwarded-client-cert'],
    read: ([text]) => ofPem(/(?:^|;)Cert="([^"]*)"/.exec(text ?? '')?.[1]),
  },
  nginx: {
    fields: ['ssl-client-cert', 'ssl-client-verify'],
    read: ([leaf, result]) => (verified(result, 'SUCCESS') ? ofPem(leaf) : undefined),
  },
  haproxy: {
    fields: ['x-client-certificate', 'x-client-certificate-verification'],
    read: ([leaf, result]) => (verified(result, '0') ? ofBase64(leaf) : undefined),
  },
  caddy: { fields: ['x-client-certificate'], read: ([leaf]) => ofBase64(leaf) },
  traefik: { fields: ['x-forwarded-tls-client-cert'], read: ([text]) => ofBase64(text?.split(',')[0]) },
  rfc9440: {
    fields: ['client-cert', 'client-cert-chain'],
    read: ([text]) => ofBase64(/^:([^:]*):$/.exec(text ?? '')?.[1]),
  },
};

export const frontEnds = Object.keys(simpleReaders);

/**
 * Reads an input as a request: one octet chooses the front end; the values of its fields follow, with a line feed
 * between them.
 */
export function readRequest(data) {
  const name = frontEnds[(data[0] ?? 0) % frontEnds.length];
  const { fields, read } = simpleReaders[name];
  const lines = data.subarray(1).toString('latin1').split('\n');
  const values = fields.map((_, index) => lines[index]);
  const trimmed = values.map((value) => value?.replace(/^[ \t]+|[ \t]+$/g, ''));
  return {
    name,
    findField: (field) => values[fields.indexOf(field)],
    /** The value of the second field is not trimmed: the gate gets it as the front end wrote it. */
    der: read([trimmed[0] === '' ? undefined : trimmed[0], values[1]]),
  };
}

/** Writes an input in the form that `readRequest` reads, from the fields of a decision vector. */
export function writeRequest(name, headers) {
  const values = simpleReaders[name].fields.map((field) => headers[field] ?? '');
  return Buffer.concat([Buffer.from([frontEnds.indexOf(name)]), Buffer.from(values.join('\n'), 'latin1')]);
}

export const requestSeeds = () =>
  vectors.vectors
    .filter(({ frontEnd, headers }) => frontEnd !== undefined && JSON.stringify(headers ?? {}).length < 6000)
    .map(({ frontEnd, headers = {} }) => writeRequest(frontEnd, headers));
