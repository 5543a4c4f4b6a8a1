import type * as internal from '@certgate/x509/internal';
import type * as certificates from '@certgate/x509/internal-certificates';
import type * as path from '@certgate/x509/path';
import { type Decoded, findDecodedDifference } from './decoded-difference.js';

/** The exports of one checkout's x509. */
export type Decoders = typeof internal & typeof certificates & typeof path;

/** The kind of an input, which chooses the questions about it. `other` chooses all of them. */
export type Kind = 'certificate' | 'list' | 'answer' | 'other';

export interface Input {
  readonly kind: Kind;
  readonly source: string;
  readonly bytes: Uint8Array;
}

type Question = (api: Decoders, bytes: Uint8Array) => unknown;

const now = Date.UTC(2027, 0, 1);

const questionsOfCertificates: readonly Question[] = [
  (api, bytes) => {
    const client = api.decodeClientCertificate(bytes);
    return client.ok ? [client, api.listCertificateFaults(client.certificate, now)] : client;
  },
  (api, bytes) => {
    const decoding = api.decodePathCertificate(bytes);
    return decoding.ok ? [decoding, api.findAuthorityFault(decoding.value, 'intermediate', [])] : decoding;
  },
  (api, bytes) => [api.findIssuerName(bytes), api.findSubjectName(bytes), api.findPublicKeyInfo(bytes)],
  (api, bytes) => [api.findOuterFrameFault(bytes), api.findMistakenStructure(bytes)],
  (api, bytes) => [api.listSignatureTwins(bytes), api.judgePublicIssuance(bytes)],
];

function askOfList(api: Decoders, bytes: Uint8Array): unknown {
  const list = api.decodeCrlFile(bytes);
  if (!list.ok) return [list, api.decodeCertificateRevocationList(bytes)];
  const { entries, issuer } = list.value;
  const listed = entries.list(200);
  return [list, listed, listed.slice(0, 20).map(({ serialNumber }) => entries.find(serialNumber, issuer))];
}

function askOfText(api: Decoders, bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('latin1');
  const labels = ['CERTIFICATE', 'X509 CRL'];
  const pem = labels.map((label) => [api.decodePem(text, label), api.decodePemBundle(text, label)]);
  return [
    pem,
    api.decodeBase64(text),
    api.findThumbprint(text, 'sha256'),
    api.findSerialNumber(text),
    api.findInstant(text),
  ];
}

const questionsOfAnswers: readonly Question[] = [(api, bytes) => api.decodeOcspResponse(bytes)];

const questions: Readonly<Record<Kind, readonly Question[]>> = {
  certificate: questionsOfCertificates,
  list: [askOfList],
  answer: questionsOfAnswers,
  other: [...questionsOfCertificates, askOfList, ...questionsOfAnswers, askOfText],
};

function isDecoded(answer: unknown): boolean {
  const [first] = Array.isArray(answer) ? (answer as unknown[]) : [answer];
  return typeof first === 'object' && first !== null && 'ok' in first && first.ok === true;
}

export const memoryForms = 4;

/**
 * The bytes in one of the forms in which callers pass them: a pooled buffer, a buffer of their own, a part of a larger
 * one, or shared memory.
 */
function place(bytes: Uint8Array, form: number): Uint8Array {
  if (form === 0) return Buffer.from(bytes);
  const memory = form === 3 ? new SharedArrayBuffer(bytes.length + 16) : new ArrayBuffer(bytes.length + 16);
  const placed = form === 1 ? new Uint8Array(bytes.length) : new Uint8Array(memory, 7, bytes.length);
  placed.set(bytes);
  return placed;
}

function ask(question: Question, api: Decoders, bytes: Uint8Array): unknown {
  try {
    return question(api, bytes);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

export interface InputComparison {
  /** The first difference. Undefined if there is none. */
  readonly found: string | undefined;
  readonly isAccepted: boolean;
}

/**
 * Compares the answers of both checkouts. With `isAltered`, every octet changes after the decoding and before members
 * are read, and both must then show the same.
 */
export function compareInput(
  decoders: readonly [Decoders, Decoders],
  { kind, bytes }: Input,
  form: number,
  isAltered: boolean,
): InputComparison {
  let isAccepted = false;
  for (const [index, question] of questions[kind].entries()) {
    const [first, second] = [decoders[0], decoders[1]].map((each) => {
      const input = place(bytes, form);
      return { input, value: ask(question, each, input) };
    }) as [Decoded, Decoded];
    isAccepted ||= isDecoded(second.value);
    if (isAltered) for (const { input } of [first, second]) input.forEach((octet, at) => (input[at] = octet ^ 0x15));
    const difference = findDecodedDifference(first, second);
    if (difference === undefined) continue;
    const when = isAltered ? ', altered after decoding' : '';
    return { found: `question ${index} of ${kind}, memory ${form}${when}: ${difference}`, isAccepted };
  }
  return { found: undefined, isAccepted };
}
