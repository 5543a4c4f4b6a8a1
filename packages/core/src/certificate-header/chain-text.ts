import { decodeBase64 } from '@certgate/x509/internal';
import type { CandidateReading } from './candidate-certificate.js';
import { maximumCandidates } from './candidate-certificate.js';
import type { ChainText } from './certificate-text.js';
import { pemBegin, pemEnd, unescapePem } from './percent-encoded-pem.js';

/**
 * The longest chain that is read, in characters: twice the limit of the DER, which leaves room for base64 and
 * percent-encoding.
 */
export const maximumChainLength = 32_768;

/**
 * The certificates of a chain as a front end wrote it. Either all are read or none, because a text that does not follow
 * the format can't be interpreted.
 */
export function readChainText({ text, encoding }: ChainText): CandidateReading {
  if (text.length > maximumChainLength) {
    const detail = `The chain that came with it has ${text.length} characters; with more than ${maximumChainLength}, it is not looked at.`;
    return { outcome: 'unread', detail };
  }
  const bodies = splitters[encoding](text);
  const ders = bodies?.map((body) => decodeBody(body, encoding));
  if (ders?.every((der) => der !== undefined) === true) return { outcome: 'read', ders };
  return { outcome: 'unread', detail: 'The chain that came with it is not written as this front end writes one.' };
}

/** One more than the limit, and the leaf, so that the count shows that there are too many. */
const maximumParts = maximumCandidates + 2;

/**
 * Splits a list of byte sequences (RFC 8941 §3.1), with commas between them and up to eight spaces and tabs on each
 * side.
 */
function splitByteSequences(text: string): readonly string[] | undefined {
  const items = text.split(',', maximumParts).map((item) => item.replace(/^[ \t]{0,8}(?=:)|(?<=:)[ \t]{0,8}$/g, ''));
  const isList = items.every((item) => item.length > 2 && item.startsWith(':') && item.endsWith(':'));
  return isList ? items.map((item) => item.slice(1, -1)) : undefined;
}

/** Splits a list with only a comma between its items. */
function splitBase64(text: string): readonly string[] | undefined {
  const items = text.split(',', maximumParts);
  return items.includes('') ? undefined : items;
}

/** Splits PEM blocks that follow each other directly. */
function splitPemBlocks(text: string): readonly string[] | undefined {
  const bodies: string[] = [];
  for (let start = 0; start < text.length && bodies.length < maximumParts;) {
    const end = text.indexOf(pemEnd, start);
    if (end < 0 || !text.startsWith(pemBegin, start)) return undefined;
    bodies.push(text.slice(start + pemBegin.length, end));
    start = end + pemEnd.length;
  }
  return bodies;
}

const splitters: Readonly<Record<ChainText['encoding'], (text: string) => readonly string[] | undefined>> = {
  'percent-encoded-pem': splitPemBlocks,
  'byte-sequences': splitByteSequences,
  'base64-list': splitBase64,
};

function decodeBody(body: string, encoding: ChainText['encoding']): Uint8Array | undefined {
  const base64 = encoding === 'percent-encoded-pem' ? unescapePem(body) : body;
  const decoding = base64 === undefined ? undefined : decodeBase64(base64);
  return decoding?.ok === true ? decoding.bytes : undefined;
}
