import { randomInt } from 'node:crypto';
import type { CanonicalName } from '../certificate/distinguished-name.js';
import {
  areOctetsEqual,
  type DerElement,
  DerReader,
  derTags,
  readDer,
  readDerHeader,
  refuseDer,
  toHex,
  toText,
} from '../encoding/der.js';
import {
  type CrlEntry,
  type CrlEntryExtensions,
  decodeCrlEntryExtensions,
  decodeCrlEntryStructure,
} from './crl-entry.js';

/**
 * Half-empty tables of a million entries have runs of about eighty. Far longer runs mean one serial number many times.
 */
const longestProbe = 1024;
/** The octets of a SEQUENCE, an INTEGER and a UTCTime with their headers. */
const shortestEntry = 20;
const entriesPerStep = 64;
const longestOrdinaryEntry = 256;
/**
 * Limits for the extensions of one entry, and for the different groups of issuers in an indirect list: the list is
 * decoded before its signature is verified.
 */
const maximumExtensionsLength = 4096;
const maximumGroups = 1024;

/** An entry with its serial number, in upper-case hexadecimal. */
export interface ListedCrlEntry extends CrlEntry {
  readonly serialNumber: string;
}

/**
 * The revoked certificates of a list, by issuer and serial number. A list may have a million: the index is a hash table
 * of offsets into the list's DER, with four bytes for each slot. An entry is decoded again when it is looked up.
 */
export class RevokedEntries {
  readonly #bytes: Uint8Array;
  /** A random seed against lists whose serial numbers are chosen to collide. */
  readonly #hashSeed = randomInt(2 ** 32);
  /** Offsets plus one; 0 means empty. */
  readonly #slots: Uint32Array;
  /**
   * The offsets at which the certificate issuer changes (§5.3.3), and below, the group of names that applies from
   * there.
   */
  readonly #issuerOffsets: number[] = [0];
  readonly #issuerGroups: number[] = [0];
  readonly #groupsByName = new Map<string, number[]>();
  readonly #groupsByKey = new Map<string, number>();
  readonly #knownExtensions = new Map<string, CrlEntryExtensions>();
  readonly #unknownCriticalExtensions = new Set<string>();
  #count = 0;
  #hasExtensions = false;

  /** `bytes` is the content of `revokedCertificates`. Run `index` to its end before any other method. */
  constructor(bytes: Uint8Array, crlIssuer: CanonicalName) {
    this.#bytes = bytes;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(bytes.length / shortestEntry + 1) + 1));
    this.#enterGroup([crlIssuer]);
  }

  get count(): number {
    return this.#count;
  }

  get hasExtensions(): boolean {
    return this.#hasExtensions;
  }

  /** Whether an entry names the issuer of its certificate, which only an indirect list may do. */
  get hasCertificateIssuers(): boolean {
    return this.#issuerOffsets.length > 1;
  }

  /** Object identifiers of the entries' critical extensions that are not processed. */
  get unknownCriticalExtensions(): readonly string[] {
    return [...this.#unknownCriticalExtensions];
  }

  /**
   * Every entry of a certificate, in no particular order; a list should have at most one. `serialNumber` is in
   * hexadecimal.
   */
  find(serialNumber: string, issuer: CanonicalName): readonly CrlEntry[] {
    const serial = Buffer.from(serialNumber, 'hex');
    return (this.#groupsByName.get(issuer.key) ?? []).flatMap((group) => this.#findInGroup(serial, group));
  }

  /** The first entries in the list's order, for people who want to see its content. */
  list(maximum: number): readonly ListedCrlEntry[] {
    const listed: ListedCrlEntry[] = [];
    const reader = new DerReader(this.#bytes);
    const decoding = readDer(() => {
      while (!reader.isAtEnd && listed.length < maximum) {
        const entry = reader.read(derTags.sequence);
        const { serialNumber } = decodeCrlEntryStructure(entry);
        listed.push({ serialNumber: toHex(serialNumber), ...this.#decode(entry.start) });
      }
    });
    // The entries could be decoded when they were indexed.
    return decoding.ok ? listed : [];
  }

  /** Must run under `readDer`: refuses the whole list if one entry is invalid. */
  *index(): Generator<undefined, void, undefined> {
    const reader = new DerReader(this.#bytes);
    while (!reader.isAtEnd) {
      const entry = reader.read(derTags.sequence);
      this.#indexEntry(entry);
      if (this.#count % entriesPerStep === 0 || entry.end - entry.start > longestOrdinaryEntry) yield;
    }
    this.#knownExtensions.clear();
  }

  #indexEntry(entry: DerElement): void {
    const { serialNumber, extensions } = decodeCrlEntryStructure(entry);
    if (extensions !== undefined) {
      const { certificateIssuers, unknownCriticalExtensions } = this.#decodeExtensions(extensions);
      for (const type of unknownCriticalExtensions) this.#unknownCriticalExtensions.add(type);
      if (certificateIssuers !== undefined) this.#changeGroup(entry.start, certificateIssuers);
    }
    const { bytes, contentStart, end } = serialNumber;
    this.#insert(entry.start, this.#hash(bytes, contentStart, end, this.#issuerGroups.at(-1) ?? 0));
  }

  /** Many entries have the same few blocks of extensions, which contain a reason code. */
  #decodeExtensions(sequence: DerElement): CrlEntryExtensions {
    this.#hasExtensions = true;
    const length = sequence.end - sequence.start;
    if (length > maximumExtensionsLength)
      refuseDer(`more than ${maximumExtensionsLength} bytes of extensions in one entry`);
    if (length > 32) return decodeCrlEntryExtensions(sequence);
    const key = toText(sequence, 'latin1');
    const known = this.#knownExtensions.get(key);
    if (known !== undefined) return known;
    const extensions = decodeCrlEntryExtensions(sequence);
    if (this.#knownExtensions.size < 256) this.#knownExtensions.set(key, extensions);
    return extensions;
  }

  #changeGroup(offset: number, certificateIssuers: readonly CanonicalName[]): void {
    this.#issuerGroups.push(this.#enterGroup(certificateIssuers));
    this.#issuerOffsets.push(offset);
  }

  #enterGroup(names: readonly CanonicalName[]): number {
    const keys = [...new Set(names.map((name) => name.key))];
    const key = JSON.stringify(keys);
    const known = this.#groupsByKey.get(key);
    if (known !== undefined) return known;
    const group = this.#groupsByKey.size;
    if (group === maximumGroups) refuseDer(`certificates of more than ${maximumGroups} issuers`);
    this.#groupsByKey.set(key, group);
    for (const name of keys) {
      const groups = this.#groupsByName.get(name);
      if (groups === undefined) this.#groupsByName.set(name, [group]);
      else groups.push(group);
    }
    return group;
  }

  #insert(offset: number, firstSlot: number): void {
    let slot = firstSlot;
    for (let probe = 0; this.#slots[slot] !== 0; probe += 1) {
      if (probe === longestProbe) refuseDer('one serial number far too often');
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    this.#slots[slot] = offset + 1;
    this.#count += 1;
  }

  #findInGroup(serial: Uint8Array, group: number): readonly CrlEntry[] {
    const entries: CrlEntry[] = [];
    for (let slot = this.#hash(serial, 0, serial.length, group); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const offset = (this.#slots[slot] ?? 0) - 1;
      if (offset < 0) return entries;
      if (this.#hasSerial(offset, serial) && this.#findGroup(offset) === group) entries.push(this.#decode(offset));
    }
  }

  #hasSerial(offset: number, serial: Uint8Array): boolean {
    const entry = readDerHeader(this.#bytes, offset);
    const integer = entry && readDerHeader(this.#bytes, entry.contentStart);
    // If an indexed entry can't be read again, it is treated as a match: one revoked certificate too many is the safe
    // error.
    if (integer === undefined) return true;
    const { contentStart, length } = integer;
    return areOctetsEqual(this.#bytes.subarray(contentStart, contentStart + length), serial);
  }

  /** Finds the last change of the issuer at or before the entry. */
  #findGroup(offset: number): number {
    let low = 0;
    let high = this.#issuerOffsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#issuerOffsets[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#issuerGroups[low] ?? 0;
  }

  #decode(offset: number): CrlEntry {
    const decoding = readDer(() => {
      const entry = new DerReader(this.#bytes.subarray(offset)).read(derTags.sequence);
      const { revokedAt, extensions } = decodeCrlEntryStructure(entry);
      if (extensions === undefined) return { revokedAt, reason: 'unspecified' as const };
      return { revokedAt, reason: decodeCrlEntryExtensions(extensions).reason };
    });
    // The entry could be decoded when it was indexed. If somebody has overwritten the bytes since, it is still revoked.
    return decoding.ok ? decoding.value : { revokedAt: 0, reason: 'unspecified' };
  }

  /** FNV-1a with the final mixing of MurmurHash3. */
  #hash(bytes: Uint8Array, start: number, end: number, group: number): number {
    let hash = this.#hashSeed ^ group;
    for (let offset = start; offset < end; offset += 1) hash = Math.imul(hash ^ (bytes[offset] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & (this.#slots.length - 1);
  }
}
