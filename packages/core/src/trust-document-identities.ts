import type { AuthorityDirectory } from './trust-document-authorities.js';
import { readInstant, readPin } from './trust-document-pins.js';
import type { DocumentReader } from './trust-document-reader.js';
import { readSubject } from './trust-document-subjects.js';
import {
  type IdentityIndex,
  type PinKind,
  type TrustPin,
  type TrustWarning,
  type TrustedIdentity,
  addToIndex,
  createIdentityIndex,
} from './trust-snapshot.js';
import { type TrustSubject, describeSubject, subjectKey } from './trust-subject.js';

/** How many identities, or pins or subjects of one identity, are read in one step: some tenths of a millisecond. */
const itemsPerStep = 64;

export interface IdentitiesReading {
  readonly identities: readonly TrustedIdentity[];
  readonly index: IdentityIndex;
}

/** The list of identities, in steps of bounded work; what is wrong in it, the reader has collected. */
export function* readIdentities(
  reader: DocumentReader,
  value: unknown,
  directory: AuthorityDirectory,
  warnings: TrustWarning[],
): Generator<undefined, IdentitiesReading, undefined> {
  const names = new Map<string, string>();
  const places = new DuplicateGuard(reader);
  const index = createIdentityIndex();
  const context = { directory, warnings, texts: new TextPool() };
  const identities: TrustedIdentity[] = [];
  for (const [position, item] of reader.readArray(value, 'identities').entries()) {
    if (position % itemsPerStep === 0) yield;
    const path = `identities[${position}]`;
    const identity = yield* readIdentity(reader, item, path, context);
    if (identity === undefined) continue;
    reader.expectUnique(
      names,
      identity.name.toLowerCase(),
      `${path}.name`,
      `the name "${identity.name}" (letter case does not tell names apart)`,
    );
    yield* places.check(identity, path);
    addToIndex(index, identity);
    identities.push(identity);
  }
  return { identities, index };
}

/** A pin and a subject stand once in a document. */
class DuplicateGuard {
  readonly #reader: DocumentReader;
  readonly #subjects = new Map<string, string>();
  readonly #pins: Readonly<Record<PinKind, Map<string, string>>> = {
    thumbprintSha256: new Map(),
    thumbprintSha1: new Map(),
    publicKeySha256: new Map(),
  };

  constructor(reader: DocumentReader) {
    this.#reader = reader;
  }

  *check({ pins, subjects }: TrustedIdentity, path: string): Generator<undefined, void, undefined> {
    for (const [index, { kind, value: hash }] of pins.entries()) {
      this.#reader.expectUnique(this.#pins[kind], hash, `${path}.certificates[${index}]`, `the pin ${kind} ${hash}`);
      if (index % itemsPerStep === itemsPerStep - 1) yield;
    }
    for (const [index, subject] of subjects.entries()) {
      const key = subjectKey(subject.issuedBy, subject.type, subject.value);
      this.#reader.expectUnique(
        this.#subjects,
        key,
        `${path}.subjects[${index}]`,
        `the subject ${describeSubject(subject)}`,
      );
      if (index % itemsPerStep === itemsPerStep - 1) yield;
    }
  }
}

const identityKeys = {
  required: ['name', 'roles'],
  optional: ['functions', 'enabled', 'owner', 'reason', 'expiresAt', 'certificates'],
  version2: ['subjects'],
};

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
  const fields = reader.readObject(value, path, identityKeys);
  if (fields === undefined) return undefined;
  const subjects = yield* readList(reader, fields['subjects'], `${path}.subjects`, (item, place) =>
    readSubject(reader, item, place, directory),
  );
  const pins = yield* readList(reader, fields['certificates'], `${path}.certificates`, (item, place) =>
    readPin(reader, item, place, directory, warnings),
  );
  if (isEmpty(fields['certificates']) && isEmpty(fields['subjects'])) {
    warnings.push({
      code: 'identity_without_pins',
      path,
      message: 'no certificate is pinned and no subject is given, so nobody can be this identity',
    });
  }
  const functions = reader.readOptionalTexts(fields['functions'], `${path}.functions`);
  return Object.freeze({
    name: reader.readName(fields['name'], `${path}.name`),
    roles: texts.shareList(reader.readOptionalTexts(fields['roles'], `${path}.roles`) ?? []),
    // Azure's function names don't differ by letter case.
    functions: functions && texts.shareList(functions.map((name) => name.toLowerCase())),
    enabled: reader.readFlag(fields['enabled'], `${path}.enabled`),
    owner: texts.share(reader.readOptionalText(fields['owner'], `${path}.owner`)),
    reason: texts.share(reader.readOptionalText(fields['reason'], `${path}.reason`)),
    expiresAt: readInstant(reader, fields['expiresAt'], `${path}.expiresAt`),
    subjects: subjects.length === 0 ? noSubjects : subjects,
    pins: pins.length === 0 ? noPins : pins,
  });
}

function* readList<T>(
  reader: DocumentReader,
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => T | undefined,
): Generator<undefined, readonly T[], undefined> {
  const items = value === undefined ? [] : reader.readArray(value, path);
  const list: T[] = [];
  for (const [index, item] of items.entries()) {
    const one = read(item, `${path}[${index}]`);
    if (one !== undefined) list.push(one);
    if (index % itemsPerStep === itemsPerStep - 1) yield;
  }
  // A copy has the room it needs; a list that grew has room for seventeen.
  return Object.freeze([...list]);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

const noPins: readonly TrustPin[] = Object.freeze([]);
const noSubjects: readonly TrustSubject[] = Object.freeze([]);

/** Many callers have the same roles, functions and owner: each is kept once, which halves a large document. */
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
    // No name has a line end in it, or the document is refused.
    const key = texts.join('\n');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = Object.freeze(texts.map((text) => this.share(text) ?? text));
    this.#lists.set(key, list);
    return list;
  }
}
