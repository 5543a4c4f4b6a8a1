import { createHash, createPublicKey } from 'node:crypto';
import type { Baseline } from '../app/inspection/baseline.js';
import { ToolFailure } from '../faults/tool-failure.js';
import type { SigningKey } from '../trust/administration/signing/signing-key.js';
import type { Fleet } from './fleet-rows.js';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof fleetPredicateType;
  readonly predicate: object;
}

/** Raised with every change of the predicate that a reader could notice. */
export const fleetPredicateType = 'urn:certgate:attestation:fleet:v1';

/** https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
export interface Envelope {
  readonly payload: string;
  readonly payloadType: typeof payloadType;
  /** Without a `keyid`: verifiers skip a signature whose name for the key is none of theirs, and none is agreed upon. */
  readonly signatures: readonly { readonly sig: string }[];
}

const payloadType = 'application/vnd.in-toto+json';

/** What `app inspect --write-baseline` wrote of one app. */
export interface AttestedBaseline {
  readonly app: string;
  /** Of the file's bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly baseline: Baseline;
}

/**
 * Its subjects are the documents that run, as far as a line says all digits of theirs.
 *
 * @throws {ToolFailure} where there are none.
 */
export function createFleetStatement(fleet: Fleet, predicate: object): Statement {
  const subjects = new Map<string, Statement['subject'][number]>();
  for (const { app, view } of fleet.rows) {
    for (const { source = 'trust document', revision, sha256 } of view?.documents ?? []) {
      if (sha256?.length !== 64) continue;
      // A file is each app's own.
      const place = /^(?:blob|URL) /.test(source) ? source : `${source} of ${app}`;
      const name = revision === undefined ? place : `${place}, revision ${revision}`;
      subjects.set(`${name}\0${sha256}`, { name, digest: { sha256: sha256.toLowerCase() } });
    }
  }
  if (subjects.size === 0) {
    throw new ToolFailure('There is nothing to attest: no line says all digits of a document that runs.', {
      remedy: 'Pass lines that include status lines, which are of level information.',
    });
  }
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...subjects.values()],
    predicateType: fleetPredicateType,
    predicate,
  };
}

export async function signStatement(statement: Statement, key: SigningKey): Promise<Envelope> {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = await key.sign(encodeForSignature(payload));
  return { payload: payload.toString('base64'), payloadType, signatures: [{ sig }] };
}

/** PAE of DSSE's protocol, version 1: lengths are of bytes. */
function encodeForSignature(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The SHA-256 of the public key (SPKI), in lower-case hexadecimal; `signedBy` in lines is the beginning of it. */
export function digestKey(publicKey: string): string {
  const spki = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/**
 * Whoever signs documents says who may call; whoever attests says what was seen. One key for both would let a statement's
 * author change what it is about.
 *
 * @throws {ToolFailure} for a key that the lines show as one that documents are signed with.
 */
export function expectOwnKey({ name, publicKey }: SigningKey, signers: ReadonlySet<string>): void {
  if (!signers.has(digestKey(publicKey).slice(0, 16).toUpperCase())) return;
  throw new ToolFailure(`${name} signs trust documents of these apps, so it can't also attest what they run.`, {
    remedy: 'Make a separate key: openssl genpkey -algorithm ed25519 -out attest.key.pem',
  });
}
