import { sign } from 'node:crypto';
import { type CertificateRevocationList, decodeCertificateRevocationList } from '@certgate/x509/path';
import { extension } from '@certgate/x509/test-support/certificate-writing.js';
import { encodeElement } from '@certgate/x509/test-support/der-editing.js';
import { generalNames } from '@certgate/x509/test-support/extension-writing.js';
import {
  bitString,
  integer,
  name,
  objectIdentifier,
  sequence,
  tagged,
  time,
} from '@certgate/x509/test-support/der-writing.js';
import { day, hour, issuerOfIndirect, type MadeAuthority, start } from './certificates.js';
import { iso } from './documents.js';
import type { Random } from './random.js';

/** A list that is written and signed when it is first read, because most lists of a scene are never read. */
export class PublishedList {
  readonly label: string;
  readonly isDelta: boolean;
  readonly #writing: ListWriting;
  #written: { readonly der: Uint8Array; readonly list: CertificateRevocationList } | undefined;

  constructor(writing: ListWriting) {
    const { authority, number, baseNumber, entries, thisUpdate, nextUpdate, kind } = writing;
    const named = [...entries].map(([serial, reason]) => `${serial.toString(16)} ${reason}`).join(', ');
    const what = baseNumber === undefined ? `list ${number}` : `delta ${number} over ${baseNumber}`;
    this.label = `${what} of ${authority.label} (${kind}) ${iso(thisUpdate)} to ${iso(nextUpdate)} [${named}]`;
    this.isDelta = baseNumber !== undefined;
    this.#writing = writing;
  }

  get der(): Uint8Array {
    return this.#write().der;
  }

  get list(): CertificateRevocationList {
    return this.#write().list;
  }

  #write(): { readonly der: Uint8Array; readonly list: CertificateRevocationList } {
    if (this.#written !== undefined) return this.#written;
    const der = writeList(this.#writing);
    const decoding = decodeCertificateRevocationList(der);
    if (!decoding.ok) throw new Error(decoding.fault);
    return (this.#written = { der, list: decoding.value });
  }
}

type Reason = 'final' | 'hold' | 'removed';
const reasonCodes = { final: 1, hold: 6, removed: 8 } as const;

interface ListWriting {
  readonly authority: MadeAuthority;
  readonly number: number;
  /** The number of the complete list that a delta refers to. Undefined for a complete list. */
  readonly baseNumber?: number;
  readonly entries: ReadonlyMap<number, Reason>;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** The CA whose key identifier the list contains. Undefined if it contains none. */
  readonly identifiedAs: MadeAuthority | undefined;
  /** What the list is about. `indirect` means certificates of another CA. */
  readonly kind: 'all' | 'users' | 'authorities' | 'indirect';
}

const algorithms = {
  'p-256': sequence(objectIdentifier('1.2.840.10045.4.3.2')),
  ed25519: sequence(objectIdentifier('1.3.101.112')),
};

function writeList(writing: ListWriting): Uint8Array {
  const { authority, number, baseNumber, entries, thisUpdate, nextUpdate, identifiedAs, kind } = writing;
  const { key, name: subject } = authority.subject;
  // The name in another spelling, which is the same name (RFC 5280 §7.1). It depends on the list's number and not on a
  // random number, so that the scenes of a seed stay the same.
  const issuer = number % 2 === 1 ? subject.toUpperCase() : subject;
  const algorithm = key.kind === 'ed25519' ? algorithms.ed25519 : algorithms['p-256'];
  const revoked = [...entries].map(([serialNumber, reason]) =>
    sequence(
      integer(serialNumber),
      time(start - 10 * day),
      sequence(
        extension('2.5.29.21', false, encodeElement(0x0a, Buffer.from([reasonCodes[reason]]))),
        ...(kind === 'indirect'
          ? [extension('2.5.29.29', true, sequence(generalNames.directory(issuerOfIndirect)))]
          : []),
      ),
    ),
  );
  const point = { all: undefined, users: 0x81, authorities: 0x82, indirect: 0x84 }[kind];
  const tbs = sequence(
    integer(1),
    algorithm,
    name(issuer),
    time(thisUpdate),
    time(nextUpdate),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    tagged(
      0,
      sequence(
        ...(identifiedAs === undefined
          ? []
          : [extension('2.5.29.35', false, sequence(encodeElement(0x80, identifiedAs.subject.key.identifier)))]),
        extension('2.5.29.20', false, integer(number)),
        ...(baseNumber === undefined ? [] : [extension('2.5.29.27', true, integer(baseNumber))]),
        ...(point === undefined
          ? []
          : [extension('2.5.29.28', true, sequence(encodeElement(point, Buffer.from([0xff]))))]),
      ),
    ),
  );
  const signature = sign(key.kind === 'ed25519' ? null : 'sha256', tbs, key.privateKey);
  return sequence(tbs, algorithm, bitString(signature));
}

/**
 * The lists that one key of a CA publishes in a scene: complete ones and deltas. For most CAs, numbers and dates rise,
 * and only a hold is ever removed. Some CAs also remove other entries, or were restored from a backup, or had a wrong
 * clock.
 */
export function publishLists(
  random: Random,
  authority: MadeAuthority,
  serials: readonly number[],
  impostor: MadeAuthority,
): readonly PublishedList[] {
  const published: PublishedList[] = [];
  const entries = new Map<number, Reason>();
  const bases: { number: number; entries: ReadonlyMap<number, Reason> }[] = [];
  const isHolding = random.chance(0.3);
  const isForgetful = random.chance(0.4);
  const isRestored = random.chance(0.2);
  // A delta applies only to a list with the same key identifier (RFC 5280 §6.3.3 (c)). Otherwise it must not lift a
  // hold.
  const identifiers = random.pick([
    [authority],
    [authority],
    [undefined],
    isHolding ? [authority] : [authority, undefined, impostor],
  ]);
  const part = authority.label.includes('root') ? ('authorities' as const) : ('users' as const);
  const kind = authority.label.startsWith('lister')
    ? ('indirect' as const)
    : random.pick(['all', 'all', 'all', part] as const);
  let number = random.below(3) + 1;
  let thisUpdate = start - random.below(5) * day - hour;
  for (let index = random.below(5) + 2; index > 0; index -= 1) {
    const serial = random.pick(serials);
    if (random.chance(0.45)) {
      if (entries.get(serial) === 'hold' || (isForgetful && random.chance(0.5))) entries.delete(serial);
      else entries.set(serial, entries.get(serial) ?? (isHolding && random.chance(0.7) ? 'hold' : 'final'));
    }
    const nextUpdate = thisUpdate + random.pick([2 * hour, 3 * day, 7 * day, 40 * day, 40 * day]);
    const base = random.chance(0.45) ? bases.at(random.pick([-1, -1, 0])) : undefined;
    const common = { authority, number, thisUpdate, nextUpdate, kind, identifiedAs: random.pick(identifiers) };
    if (base === undefined) {
      bases.push({ number, entries: new Map(entries) });
      const named = new Map(entries);
      if (random.chance(0.1)) named.set(random.pick(serials), 'removed');
      published.push(new PublishedList({ ...common, entries: named }));
    } else {
      const changed = new Map([...entries].filter(([each, reason]) => base.entries.get(each) !== reason));
      for (const each of base.entries.keys()) if (!entries.has(each)) changed.set(each, 'removed');
      published.push(new PublishedList({ ...common, baseNumber: base.number, entries: changed }));
    }
    number += random.below(2) + 1;
    thisUpdate += random.pick([hour, 5 * hour, day, 3 * day]);
    if (isRestored && random.chance(0.4)) {
      number = Math.max(number - random.pick([0, 2, 3, 4]), 1);
      thisUpdate -= random.pick([0, hour, 2 * day]);
    }
  }
  return published;
}
