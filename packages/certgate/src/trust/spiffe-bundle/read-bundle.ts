// spiffe-bundle/: reads SPIFFE bundles, which contain the trust anchors that a trust domain publishes.

import { createHash } from 'node:crypto';
import { formatInstant, parseJsonInSteps, runAtOnce } from '@certgate/core/internal';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { formatTrustChange } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { type Anchor, type LeftOutAnchor, readAnchor } from './bundle-anchor.js';
import type { FetchedBundle } from './fetch-bundle.js';

/** A SPIFFE bundle (SPIFFE Trust Domain and Bundle §4), as far as X.509-SVIDs are concerned. */
export interface SpiffeBundle {
  readonly trustDomain: string;
  /** The bundle's `spiffe_sequence`. Undefined if it has none. Then it doesn't show whether the bundle is an older one. */
  readonly sequence: bigint | undefined;
  /**
   * SHA-256 of the certificates (`x5c`) of the bundle's X.509 keys, in upper-case hexadecimal. Their order makes no
   * difference.
   */
  readonly keysSha256: string;
  /** How often the trust domain suggests to read the bundle, in seconds; undefined if it suggests nothing usable. */
  readonly refreshHintSeconds: number | undefined;
  readonly anchors: readonly Anchor[];
  /** The anchors that are left out, because the gate admits nobody below them anyway. */
  readonly leftOut: readonly LeftOutAnchor[];
  readonly ignored: IgnoredKeys;
}

/** The numbers of keys that were ignored: those for JWT-SVIDs, and unknown ones, which a reader must ignore (§4.1.3). */
export interface IgnoredKeys {
  readonly jwtSvid: number;
  /** Keys whose use or whose type is unknown or missing. */
  readonly unknown: number;
}

/**
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @throws {ToolFailure} if the bytes are not a valid bundle, if one of its X.509 keys has a fault (`readAnchor`), or if
 * none of its anchors can be used now.
 */
export function readSpiffeBundle(
  { bytes, place }: FetchedBundle,
  { trustDomain, now }: { readonly trustDomain: string; readonly now: number },
): SpiffeBundle {
  const refuse: CreateRefusal = (what, remedy) =>
    new ToolFailure(`The bundle of ${trustDomain} in ${place} can't be used: ${what}. Nothing was written.`, {
      ...(remedy === undefined ? {} : { remedy }),
    });
  const text = decodeText(bytes, refuse);
  const bundle = parseBundle(text, refuse);
  const keys = bundle['keys'] as readonly unknown[];
  const found = keys.map((key, index) => ({ index, key, kind: findKind(key) }));
  const malformed = found.find(({ kind }) => kind === 'malformed');
  if (malformed !== undefined) throw refuse(`keys[${malformed.index}] is not an object`);
  const readings = found
    .filter(({ kind }) => kind === 'x509Svid')
    .map(({ key, index }) => ({ index, ...readAnchor(key as JsonObject, { trustDomain, now }) }));
  const faults = readings.flatMap(({ index, ...each }) => ('fault' in each ? [`keys[${index}] ${each.fault}`] : []));
  if (faults.length > 0) throw refuse(faults.join('; '), 'Ask the operator of the trust domain.');
  const anchors = readings.flatMap((each) => ('anchor' in each ? [each.anchor] : []));
  const leftOut = readings.flatMap((each) => ('leftOut' in each ? [each.leftOut] : []));
  if (anchors.length === 0) throw refuse(describeEmptiness(leftOut), explainEmptiness());
  // If no anchor is valid yet, the trust domain or this machine's clock is wrong. With only these anchors, the gate
  // would refuse everybody until one is valid.
  const start = Math.min(...anchors.map(({ certificate }) => certificate.notBefore));
  if (now < start) throw refuse(`none of its CA certificates is valid before ${formatInstant(start)}`);
  return {
    trustDomain,
    sequence: readSequence(text, bundle, refuse),
    keysSha256: hashKeys(found.flatMap(({ kind, key }) => (kind === 'x509Svid' ? [key as JsonObject] : []))),
    refreshHintSeconds: readRefreshHint(bundle['spiffe_refresh_hint']),
    anchors: [...new Map(anchors.map((anchor) => [anchor.certificate.thumbprintSha256, anchor])).values()],
    leftOut,
    ignored: {
      jwtSvid: found.filter(({ kind }) => kind === 'jwtSvid').length,
      unknown: found.filter(({ kind }) => kind === 'unknown').length,
    },
  };
}

function hashKeys(keys: readonly JsonObject[]): string {
  const certificates = [...new Set(keys.map(({ x5c }) => JSON.stringify(x5c)))].sort();
  return createHash('sha256').update(certificates.join()).digest('hex').toUpperCase();
}

type CreateRefusal = (what: string, remedy?: string) => ToolFailure;

function explainEmptiness(): string {
  return `By the SPIFFE standard, such a bundle says that no certificate of the trust domain is valid. This command never removes the last trust anchor.\nTo refuse everybody below a CA: ${formatTrustChange('deny', ['CERTIFICATE'])}`;
}

function describeEmptiness(leftOut: readonly LeftOutAnchor[]): string {
  const reasons = leftOut.map(({ description, reason }) => `${description} ${reason}`);
  return ['it has no key for X.509-SVIDs that the gate could use', ...reasons].join('; ');
}

function decodeText(bytes: Uint8Array, refuse: CreateRefusal): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('it is not UTF-8');
  }
}

function parseBundle(text: string, refuse: CreateRefusal): JsonObject {
  const reading = runAtOnce(parseJsonInSteps(text));
  if (!reading.ok) throw refuse(`it is not valid JSON: ${reading.fault}`);
  if (reading.duplicateKey !== undefined) throw refuse(`it has the key ${reading.duplicateKey.path} twice`);
  const { value } = reading;
  if (isJsonObject(value) && Array.isArray(value['keys'])) return value;
  throw refuse(
    isJsonObject(value) && 'trust_domains' in value
      ? 'it is a map of bundles; pass only that of the trust domain'
      : 'it has no list of keys',
    'A SPIFFE bundle is a JWK set. SPIRE writes one with: spire-server bundle show -format spiffe',
  );
}

const knownKeyTypes: readonly unknown[] = ['EC', 'RSA', 'OKP'];

function findKind(key: unknown): 'x509Svid' | 'jwtSvid' | 'unknown' | 'malformed' {
  if (!isJsonObject(key)) return 'malformed';
  if (key['use'] === 'jwt-svid') return 'jwtSvid';
  return key['use'] === 'x509-svid' && knownKeyTypes.includes(key['kty']) ? 'x509Svid' : 'unknown';
}

/** Reads the digits themselves: §4.1.1 sets no largest value, and JSON.parse would round a large number. */
function readSequence(text: string, bundle: JsonObject, refuse: CreateRefusal): bigint | undefined {
  if (!('spiffe_sequence' in bundle)) return undefined;
  const literal = findLiteral(text, 'spiffe_sequence');
  if (literal === undefined || !/^\d{1,40}$/.test(literal)) {
    throw refuse('its spiffe_sequence is not a whole number from 0');
  }
  return BigInt(literal);
}

function findLiteral(text: string, key: string): string | undefined {
  try {
    const root = parseTree(text);
    const node = root && findNodeAtLocation(root, [key]);
    return node && text.slice(node.offset, node.offset + node.length);
  } catch (fault) {
    // A deeply nested text overflows the stack of this parser, which is recursive.
    if (fault instanceof RangeError) return undefined;
    throw fault;
  }
}

function readRefreshHint(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}
