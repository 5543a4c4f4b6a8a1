import { findThumbprint } from '@certgate/x509/internal';
import {
  addName,
  addPin,
  createIdentityIndex,
  describeName,
  type IdentityIndex,
  type PinKind,
  pinKinds,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustWarning,
} from '../trust-snapshot/trust-snapshot.js';
import type { DocumentReader } from './document-reader.js';
import type { AuthorityDirectory } from './authority-directory.js';
import { readClientAuthGrace } from './read-client-auth-grace.js';
import { readName } from './read-names.js';

/**
 * How many identities, or pins or names of one identity, are read in one step, which normally takes some tenths of a
 * millisecond.
 */
const itemsPerStep = 64;

export interface IdentitiesReading {
  readonly identities: readonly TrustedIdentity[];
  readonly index: IdentityIndex;
}

/** Reads the list of identities, in steps. The reader collects the problems. */
export function* readIdentities(
  reader: DocumentReader,
  value: unknown,
  directory: AuthorityDirectory,
  warnings: TrustWarning[],
): Generator<undefined, IdentitiesReading, undefined> {
  const index = createIdentityIndex();
  const context = { directory, warnings, texts: new TextPool() };
  const identities: TrustedIdentity[] = [];
  let position = -1;
  for (const item of reader.readItems(value, 'identities')) {
    position += 1;
    if (position % itemsPerStep === 0) yield;
    const path = `identities[${position}]`;
    const identity = yield* readIdentity(reader, item, path, context);
    if (identity === undefined) continue;
    const name = identity.name.toLowerCase();
    const earlier = index.positions.get(name);
    if (earlier === undefined) index.positions.set(name, position);
    else {
      const what = `the name "${identity.name}" (letter case is ignored)`;
      reader.report(`${path}.name`, `${what} is already at identities[${earlier}].name`);
    }
    yield* addOnce(reader, index, identity, path);
    identities.push(identity);
  }
  return { identities, index };
}

/** Adds the identity's pins and names to the index. Each may occur only once in a document. */
function* addOnce(
  reader: DocumentReader,
  index: IdentityIndex,
  identity: TrustedIdentity,
  path: string,
): Generator<undefined, void, undefined> {
  for (const [position, pin] of identity.pins.entries()) {
    const earlier = addPin(index, identity, pin);
    if (earlier !== undefined) {
      reader.report(`${path}.pins[${position}]`, `the pin ${pin.kind} ${pin.value} is already ${placeOf(earlier)}`);
    }
    if (position % itemsPerStep === itemsPerStep - 1) yield;
  }
  for (const [position, trustName] of identity.names.entries()) {
    const earlier = addName(index, identity, trustName);
    if (earlier !== undefined) {
      reader.report(`${path}.names[${position}]`, `the name ${describeName(trustName)} is already ${placeOf(earlier)}`);
    }
    if (position % itemsPerStep === itemsPerStep - 1) yield;
  }
}

/**
 * Names the place by its identity. The index doesn't keep the position of a pin, because a document may have hundreds
 * of thousands.
 */
function placeOf({ identity }: { readonly identity: TrustedIdentity }): string {
  return `in the identity "${identity.name}"`;
}

interface ReadingContext {
  readonly directory: AuthorityDirectory;
  readonly warnings: TrustWarning[];
  readonly texts: TextPool;
}

function* readIdentity(
  reader: DocumentReader,
  value: unknown,
  path: string,
  { directory, warnings, texts }: ReadingContext,
): Generator<undefined, TrustedIdentity | undefined, undefined> {
  const fields = reader.readObject(value, path, 'identity');
  if (fields === undefined) return undefined;
  const names = yield* readList(reader, fields.names, `${path}.names`, (item, place) =>
    readName(reader, item, place, directory),
  );
  const pins = yield* readList(reader, fields.pins, `${path}.pins`, (item, place) =>
    readPin(reader, item, place, directory, warnings),
  );
  if (isEmpty(fields.pins) && isEmpty(fields.names)) {
    warnings.push({
      code: 'identity_without_pins',
      path,
      message: 'no certificate is pinned and no name is given, so nobody can be this identity',
    });
  }
  const functions = reader.readOptionalTexts(fields.functions, `${path}.functions`);
  return Object.freeze({
    name: reader.readName(fields.name, `${path}.name`),
    roles: texts.shareList(reader.readOptionalTexts(fields.roles, `${path}.roles`) ?? []),
    // The names of Azure functions are the same in any letter case.
    functions: functions && texts.shareList(functions.map((name) => name.toLowerCase())),
    functionsAsWritten: functions && texts.shareList(functions),
    enabled: reader.readFlag(fields.enabled, `${path}.enabled`),
    owner: texts.share(reader.readOptionalText(fields.owner, `${path}.owner`)),
    reason: texts.share(reader.readOptionalText(fields.reason, `${path}.reason`)),
    expiresAt: reader.readInstant(fields.expiresAt, `${path}.expiresAt`),
    names: names.length === 0 ? noNames : names,
    pins: pins.length === 0 ? noPins : pins,
  });
}

function* readList<T>(
  reader: DocumentReader,
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => T | undefined,
): Generator<undefined, readonly T[], undefined> {
  const list: T[] = [];
  let index = 0;
  for (const item of value === undefined ? [] : reader.readItems(value, path)) {
    const one = read(item, `${path}[${index}]`);
    if (one !== undefined) list.push(one);
    index += 1;
    if (index % itemsPerStep === 0) yield;
  }
  // The copy only has the room that it needs. A list that grew has room for at least seventeen items.
  return Object.freeze([...list]);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

const noPins: readonly TrustPin[] = Object.freeze([]);
const noNames: readonly TrustName[] = Object.freeze([]);

/**
 * Keeps equal texts and lists once. Many callers have the same roles, functions and owner, so this saves memory in a
 * large document.
 */
class TextPool {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  share(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  shareList(texts: readonly string[]): readonly string[] {
    // No name contains a line end; otherwise the document is refused.
    const key = texts.join('\n');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = Object.freeze(texts.map((text) => this.share(text) ?? text));
    this.#lists.set(key, list);
    return list;
  }
}

function readPin(
  reader: DocumentReader,
  value: unknown,
  path: string,
  directory: AuthorityDirectory,
  warnings: TrustWarning[],
): TrustPin | undefined {
  const fields = reader.readObject(value, path, 'pin');
  if (fields === undefined) return undefined;
  const kinds = pinKinds.filter((kind) => fields[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    reader.report(path, `give exactly one of ${pinKinds.join(', ')}`);
    return undefined;
  }
  const notBefore = reader.readInstant(fields.notBefore, `${path}.notBefore`);
  const notAfter = reader.readInstant(fields.notAfter, `${path}.notAfter`);
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
    reader.report(path, 'notBefore is not earlier than notAfter, so the pin never matches');
  }
  const isIssued = fields.issuedBy !== undefined;
  const authority = isIssued ? directory.resolve(reader, fields.issuedBy, `${path}.issuedBy`) : undefined;
  if (authority !== undefined) directory.noteUse(authority);
  if (kind === 'publicKeySha256' && fields.notAfter === undefined && !isIssued) {
    // The owner of the key can issue a certificate with any dates.
    reader.report(
      path,
      'a publicKeySha256 pin needs its own notAfter, or an authority (issuedBy): the holder of the key can give a certificate any dates',
    );
  }
  if (kind === 'thumbprintSha1') {
    warnings.push({
      code: 'pin_sha1',
      path,
      message: 'SHA-1 thumbprints are accepted for migration; replace it with thumbprintSha256',
    });
  }
  const pinValue = readPinValue(reader, kind, fields[kind], path);
  const enabled = reader.readFlag(fields.enabled, `${path}.enabled`);
  const grace = fields.acceptWithoutClientAuth;
  const gracePath = `${path}.acceptWithoutClientAuth`;
  const acceptWithoutClientAuth =
    grace === undefined ? undefined : readClientAuthGrace(reader, { grace, isIssued }, gracePath, warnings);
  // A pin must never be used without the authority that it names.
  if (pinValue === undefined || (isIssued && authority === undefined)) return undefined;
  return Object.freeze({
    kind,
    value: pinValue,
    issuedBy: authority?.name,
    enabled,
    notBefore,
    notAfter,
    acceptWithoutClientAuth,
  });
}

function readPinValue(reader: DocumentReader, kind: PinKind, value: unknown, path: string): string | undefined {
  const text = reader.readText(value, `${path}.${kind}`);
  const algorithm = kind === 'thumbprintSha1' ? 'sha1' : 'sha256';
  const thumbprint = findThumbprint(text, algorithm);
  if (thumbprint !== undefined) return thumbprint;
  const other = findThumbprint(text, algorithm === 'sha1' ? 'sha256' : 'sha1');
  const hint =
    other === undefined
      ? ''
      : `; this one has ${other.length}, so it is a ${algorithm === 'sha1' ? 'SHA-256' : 'SHA-1'} thumbprint`;
  reader.report(
    `${path}.${kind}`,
    `it must be ${algorithm === 'sha1' ? 40 : 64} hexadecimal digits (colons and spaces are fine)${hint}`,
  );
  return undefined;
}
