import { describeRefusedAlgorithm, shortenText } from '@certgate/x509/internal';
import type { CertificateRevocationList, OcspResponse, PathCertificate } from '@certgate/x509/path';
import type { RevocationListEntry } from '../denial-facts.js';
import { loadPathValidation } from '../load-path-validation.js';
import { describeFault } from '../encoding/describe-fault.js';
import type { TrustedAuthority } from '../trust-snapshot/trust-snapshot.js';
import { digestSha256 } from '../trust-sources/document-bytes.js';
import { createFileSource } from '../trust-sources/file-source.js';
import {
  type CertificateOfIssuer,
  describeListsInUse,
  describeWithdrawn,
  findListAbout,
  type ListOfSource,
  listReasons,
  type ListsOfSource,
  type RevocationListStatus,
  type WithdrawnRevocation,
} from './lists-in-use.js';
import { findMissingNumber, KeptLists, knowsBase } from './kept-lists.js';
import { readWithin, type TrustSource } from '../trust-sources/trust-source.js';
import { publishReadFailure } from './revocation-channel.js';
import { redactUrl } from '../encoding/shown-url.js';
import { createUrlSource } from '../trust-sources/url-source.js';

/** The lists that one source gave. */
interface Kept extends ListsOfSource {
  /** The source's latest list that came into use, or its first list if none did. */
  readonly latest: CertificateRevocationList;
  readonly sourceVersion: string | undefined;
  readonly digest: string;
}

/** What a read is for: an authority of the document, at the moment of a refresh. */
interface WantedLists {
  readonly authority: TrustedAuthority;
  readonly now: number;
  readonly signers: SignerKnowledge;
}

/** What is known about those who sign lists, from the operator, the OCSP responders and other lists. */
export interface SignerKnowledge {
  /** The names under which lists about the signer may be kept. If absent, only the authority's own name. */
  readonly findNames?: (authority: TrustedAuthority) => readonly string[];
  readonly isDenied: (certificate: PathCertificate) => boolean;
  readonly findOcspResponses: (authority: TrustedAuthority, certificate: PathCertificate) => readonly OcspResponse[];
}

const nothingKnown: SignerKnowledge = { isDenied: () => false, findOcspResponses: () => [] };

interface InFlight {
  wanted: WantedLists;
  /** Whether this read waits for an earlier read of the source. When it begins, it uses what is wanted then. */
  isWaiting: boolean;
  /**
   * Whether a list was read that needs a complete list which is not known yet, so that it waits for the authority's
   * other reads.
   */
  isHeld: boolean;
  readonly read: Promise<void>;
}

interface RefusedCertificate extends Omit<WithdrawnRevocation, 'list' | 'detail'>, CertificateOfIssuer {
  /** The names under which lists about the certificate may be kept. */
  readonly names: readonly string[];
}

const maximumRefused = 1000;
const maximumWithdrawn = 100;

/** The sources that the app's code names, by the authority's name in lower case. */
export type CrlSourcesInCode = ReadonlyMap<string, readonly TrustSource[]>;

/**
 * Reads the authorities' CRLs, and keeps the last good lists of each source. A list is accepted only with a signature
 * of the authority, and never replaces a newer one. A list that was read once stays in use after its source has gone.
 */
export class CrlKeeper {
  readonly #inCode: CrlSourcesInCode;
  readonly #documentSources = new Map<string, TrustSource>();
  /** By the authority's name in lower case, then by the source's name. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  /** By the authority's name in lower case. */
  readonly #faults = new Map<string, string>();
  readonly #inFlight = new Map<string, InFlight>();
  #changeCount = 0;
  readonly #refused = new Map<string, RefusedCertificate>();
  #withdrawn: readonly WithdrawnRevocation[] = [];

  constructor(inCode: CrlSourcesInCode = new Map()) {
    this.#inCode = inCode;
  }

  /** A number that changes whenever the kept lists change. */
  get version(): number {
    return this.#changeCount;
  }

  hasSourcesInCode(authorityName: string): boolean {
    return this.#inCode.has(authorityName.toLowerCase());
  }

  /**
   * The authority's lists, of those that were read under these names. The authority's present certificates must have
   * signed them, which excludes old lists after the document gave the authority new certificates under the old name.
   * Lists below the minimum number are left out as well.
   */
  list(authority: TrustedAuthority, names: readonly string[] = [authority.name]): readonly CertificateRevocationList[] {
    return this.#listKept(names)
      .flatMap(({ lists }) => lists.lists)
      .filter((crl) => isUsable(crl, authority));
  }

  /** The authority's lists that can only revoke, filtered as in `list`. */
  listRevoking(
    authority: TrustedAuthority,
    names: readonly string[] = [authority.name],
  ): readonly CertificateRevocationList[] {
    return this.#listKept(names)
      .flatMap(({ lists }) => lists.revoking)
      .filter((crl) => isUsable(crl, authority));
  }

  /** The authority's lists in use that have a `nextUpdate`: for each scope and kind, the one that ends last. */
  listInUse(authority: TrustedAuthority, names: readonly string[] = [authority.name]): readonly RevocationListStatus[] {
    return describeListsInUse(authority.name, this.#listKept(names), (list) => isUsable(list, authority));
  }

  /** The list that a refusal should name. */
  findListAbout(
    names: readonly string[],
    certificate: PathCertificate,
    isRevoked: boolean,
  ): RevocationListEntry | undefined {
    return findListAbout(certificate, this.#listKept(names), isRevoked);
  }

  /**
   * Remembers a certificate that was refused as revoked, if the kept lists give another reason than certificateHold,
   * until they no longer name it; at most the latest `maximumRefused`. The certificate is on a path that is otherwise
   * valid.
   */
  noteRevoked(names: readonly [string, ...string[]], certificate: PathCertificate): void {
    const reasons = listReasons(certificate, this.#listKept(names));
    if (!reasons.some((reason) => reason !== 'certificateHold')) return;
    const { issuer, serialNumber, thumbprintSha256, subjectText } = certificate;
    const [authority] = names;
    const key = [authority.toLowerCase(), issuer.key, serialNumber].join('\n');
    const subject = shortenText(subjectText);
    this.#refused.delete(key);
    this.#refused.set(key, { names, authority, issuer, serialNumber, thumbprintSha256, subject });
    const [oldest] = this.#refused.keys();
    if (oldest !== undefined && this.#refused.size > maximumRefused) this.#refused.delete(oldest);
  }

  /** The latest withdrawn revocations, the newest last. */
  get withdrawn(): readonly WithdrawnRevocation[] {
    return this.#withdrawn;
  }

  #noteWithdrawn({ name }: TrustedAuthority, newer: ListOfSource): void {
    for (const [key, { names, issuer, ...refused }] of this.#refused) {
      const { serialNumber } = refused;
      if (!names.some((each) => each.toLowerCase() === name.toLowerCase())) continue;
      if (listReasons({ issuer, serialNumber }, this.#listKept(names)).length > 0) continue;
      this.#refused.delete(key);
      const withdrawn = describeWithdrawn(refused, newer);
      this.#withdrawn = Object.freeze([...this.#withdrawn.slice(1 - maximumWithdrawn), withdrawn]);
    }
  }

  #listKept(names: readonly string[]): readonly Kept[] {
    return names.flatMap((name) => [...(this.#kept.get(name.toLowerCase())?.values() ?? [])]);
  }

  /**
   * Why the latest reads for an authority failed, or which complete list is missing, for the operator. Undefined if
   * neither is the case.
   */
  findFault(authorityName: string): string | undefined {
    return this.#faults.get(authorityName.toLowerCase());
  }

  /** Reads every source of the authorities once. Never rejects. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  async refresh(
    authorities: readonly TrustedAuthority[],
    readTimeout: number,
    now: number,
    signers: SignerKnowledge = nothingKnown,
  ): Promise<void> {
    const names = new Set(authorities.map(({ name }) => name.toLowerCase()));
    for (const name of this.#faults.keys()) if (!names.has(name)) this.#faults.delete(name);
    await Promise.all(authorities.map((authority) => this.#refreshAuthority({ authority, now, signers }, readTimeout)));
  }

  async #refreshAuthority(wanted: WantedLists, readTimeout: number): Promise<void> {
    const { authority, now } = wanted;
    const key = authority.name.toLowerCase();
    const faults = new Map<string, string>();
    const refresh = async (name: string, findSource: () => TrustSource): Promise<void> => {
      try {
        await this.#refreshOnce(wanted, findSource(), readTimeout);
      } catch (error) {
        const known = this.#listKept([authority.name]).find(({ source }) => source === name);
        const whose = known === undefined ? `the authority "${authority.name}"` : `"${known.latest.issuerText}"`;
        const fault = describeFault(error);
        publishReadFailure(authority.name, name, fault);
        faults.set(name, `${fault} (a CRL of ${whose})`);
      }
    };
    await Promise.all([
      ...authority.revocation.crls.map((text) => refresh(describeAddress(text), () => this.#getDocumentSource(text))),
      ...(this.#inCode.get(key) ?? []).map((source) => refresh(source.description, () => source)),
    ]);
    const isOfPresent = (crl: CertificateRevocationList): boolean => isOfAuthority(crl, authority);
    const kept = this.#listKept([authority.name]).map(({ lists }) => lists.filter(isOfPresent));
    const missing = findMissingNumber(kept, now);
    if (missing !== undefined) {
      const fault = `the complete list ${missing} is missing, and a delta is based on it, so older lists clear nobody; publish it`;
      faults.set('CRLs', fault);
    }
    if (faults.size === 0) this.#faults.delete(key);
    else this.#faults.set(key, [...faults].map(([source, fault]) => `${source}: ${fault}.`).join(' '));
  }

  /**
   * Reads a source. Each source has one read at a time, and a slow source delays no other. A refresh for another
   * document or at another time never joins a read that has begun: that read checks the list with the certificates of
   * an earlier document, and its answer may be from before the process froze. So the source is read again afterwards.
   */
  #refreshOnce(wanted: WantedLists, source: TrustSource, readTimeout: number): Promise<void> {
    const key = `${wanted.authority.name.toLowerCase()}\n${nameSource(source)}`;
    const present = this.#inFlight.get(key);
    if (present?.isWaiting === true) present.wanted = wanted;
    if (present?.wanted.authority === wanted.authority && present.wanted.now === wanted.now) return present.read;
    const entry: InFlight = {
      wanted,
      isWaiting: present !== undefined,
      isHeld: false,
      read: (present?.read ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => {
          entry.isWaiting = false;
          return this.#refreshSource(entry, source, readTimeout);
        })
        .finally(() => {
          if (this.#inFlight.get(key) === entry) this.#inFlight.delete(key);
        }),
    };
    this.#inFlight.set(key, entry);
    return entry.read;
  }

  async #refreshSource(entry: InFlight, source: TrustSource, readTimeout: number): Promise<void> {
    const { authority, now, signers } = entry.wanted;
    const key = authority.name.toLowerCase();
    // Set before the first await, since the authority's sources are read at the same time.
    const ofAuthority = this.#kept.get(key) ?? new Map<string, Kept>();
    this.#kept.set(key, ofAuthority);
    const sourceKey = nameSource(source);
    const present = ofAuthority.get(sourceKey);
    // If the authority has new certificates under the old name, a list that was refused before may be accepted now. And
    // a list that a new minimum number refuses must be read again, so that the refusal is reported. In both cases, the
    // source is not asked with the last version.
    const kept = present !== undefined && isUsable(present.latest, authority) ? present : undefined;
    const lastVersion = kept?.sourceVersion;
    const reading = await readWithin(readTimeout, (signal) =>
      source.read({ lastVersion, signal, withSignature: false }),
    );
    if (!reading.changed) return;
    const { bytes, version: sourceVersion } = reading;
    const digest = await digestSha256(bytes);
    if (kept?.digest === digest) {
      ofAuthority.set(sourceKey, { ...kept, sourceVersion });
      return;
    }
    const latest = await decodeList(bytes);
    await loadPathValidation().prepareCrl(latest, listCertificates(authority));
    const signedBy = getSigners(latest, authority);
    const { subjectPublicKeyInfo: publicKey } = signedBy[0].verificationKey;
    expectMinimumNumber(latest, authority);
    const listAll = (): readonly KeptLists[] => [...ofAuthority.values()].map(({ lists }) => lists);
    // A complete list has no base, so it never waits.
    if (!knowsBase(listAll(), latest, publicKey, now)) await this.#settleOthers(key, entry);
    const known = present?.lists.makeRoom((crl) => isOfAuthority(crl, authority)) ?? new KeptLists();
    const isValid = signedBy.some((each) => this.#mayReplace(each, authority, now, signers));
    // `listAll` includes this source's own lists, which changes nothing.
    const { kept: lists, fault } = known.add(latest, { publicKey, isValid }, now, listAll());
    const isOfUse = fault === undefined || present === undefined;
    const read = isOfUse ? { latest, sourceVersion, digest, source: source.description } : present;
    if (fault === undefined || lists !== known) this.#changeCount += 1;
    ofAuthority.set(sourceKey, { ...read, lists });
    // The source is read again until it gives a better list, or until the list's signer is valid.
    if (fault !== undefined) throw new Error(fault);
    this.#noteWithdrawn(authority, { list: latest, source: source.description });
  }

  /**
   * Whether a list of this signer may replace another. RFC 5280 §6.3.3 (f), as far as revocations are known now.
   * Somebody who steals a key that signs lists must not end the lists that its owner signed before.
   */
  #mayReplace(
    signer: PathCertificate,
    authority: TrustedAuthority,
    now: number,
    { findNames, isDenied, findOcspResponses }: SignerKnowledge,
  ): boolean {
    const names = findNames?.(authority);
    const { trustAnchors, intermediates, dnsConstraintsWithLeadingDot, revocation } = authority;
    if (signer.keyUsage?.includes('cRLSign') === false || isDenied(signer)) return false;
    if (trustAnchors.includes(signer)) return signer.notBefore <= now && now <= signer.notAfter;
    const verdict = loadPathValidation().findCertificationPath({
      target: signer,
      targetRole: 'crl-signer',
      trustAnchors,
      intermediates,
      dnsConstraintsWithLeadingDot,
      now,
      isDenied,
      revocation: {
        mode: 'when-available',
        scope: 'chain',
        graceMilliseconds: revocation.graceMilliseconds,
        crls: this.list(authority, names),
        revokingCrls: this.listRevoking(authority, names),
        findOcspResponses: (certificate) => findOcspResponses(authority, certificate),
      },
    });
    return verdict.outcome === 'valid';
  }

  /**
   * Waits for the authority's other reads that have begun. A CA publishes a complete list and its first delta together,
   * and the delta, which is shorter, is read sooner. Used without the complete list, it would leave callers without a
   * current complete list until the other read ends. If there are two deltas, the later one doesn't wait for the
   * earlier one.
   */
  async #settleOthers(authorityKey: string, entry: InFlight): Promise<void> {
    entry.isHeld = true;
    const others = [...this.#inFlight].filter(
      ([key, other]) => key.startsWith(`${authorityKey}\n`) && !other.isHeld && !other.isWaiting,
    );
    await Promise.allSettled(others.map(([, { read }]) => read));
  }

  #getDocumentSource(text: string): TrustSource {
    const known = this.#documentSources.get(text);
    if (known !== undefined) return known;
    const source = text.startsWith('file:') ? createFileSource(text.slice('file:'.length)) : createUrlSource(text, {});
    this.#documentSources.set(text, source);
    return source;
  }
}

/**
 * Identifies a source. The description of a URL leaves out the query, which may be the only difference between two
 * sources.
 */
function nameSource({ configuration, description }: TrustSource): string {
  return configuration ?? description;
}

/**
 * The description that the address's source would have. It is also needed for an address from which no source can be
 * made.
 */
function describeAddress(text: string): string {
  if (text.startsWith('file:')) return `file ${text.slice('file:'.length)}`;
  return URL.canParse(text) ? `URL ${redactUrl(new URL(text))}` : 'CRL';
}

async function decodeList(bytes: Uint8Array): Promise<CertificateRevocationList> {
  const decoding = await loadPathValidation().decodeCrlFileInSlices(bytes);
  if (!decoding.ok) throw new Error(`it is not a CRL (${decoding.fault})`);
  return decoding.value;
}

function isOfAuthority(crl: CertificateRevocationList, authority: TrustedAuthority): boolean {
  return (
    loadPathValidation().isAlgorithmAccepted(crl.signed.algorithm, 'strict') &&
    listCertificates(authority).some((certificate) => isSigner(certificate, crl))
  );
}

function listCertificates({ trustAnchors, intermediates }: TrustedAuthority): readonly PathCertificate[] {
  return [...trustAnchors, ...intermediates];
}

function isSigner({ subject, verificationKey }: PathCertificate, crl: CertificateRevocationList): boolean {
  return subject.key === crl.issuer.key && loadPathValidation().isSignedBy(crl, verificationKey);
}

function isUsable(crl: CertificateRevocationList, authority: TrustedAuthority): boolean {
  return isOfAuthority(crl, authority) && findNumberFault(crl, authority) === undefined;
}

/**
 * Why the list's number is too low; undefined if it is not. The minimum applies to every list of the issuer, complete
 * or delta, from any source: an instance that has just started does not remember a newer list.
 */
function findNumberFault(crl: CertificateRevocationList, authority: TrustedAuthority): string | undefined {
  const { minimumCrlNumbers } = authority.revocation;
  for (const { subject, subjectText } of listCertificates(authority)) {
    const minimum = subject.key === crl.issuer.key ? minimumCrlNumbers.get(subjectText) : undefined;
    // A list without a number is below every minimum.
    if (minimum === undefined || (crl.crlNumber ?? -1n) >= minimum) continue;
    return `it has ${crl.crlNumber === undefined ? 'no number' : `the number ${crl.crlNumber}`}, and minimumCrlNumbers asks for ${minimum} of "${subjectText}"; publish its newest list there`;
  }
  return undefined;
}

function expectMinimumNumber(crl: CertificateRevocationList, authority: TrustedAuthority): void {
  const fault = findNumberFault(crl, authority);
  if (fault !== undefined) throw new Error(fault);
}

/**
 * The authority's CA certificates whose key signed the list. Without this check, somebody who can replace what the
 * source gives could displace the list.
 *
 * @throws {Error} if the authority didn't sign the list, or if it is signed with an algorithm that is not accepted.
 */
function getSigners(
  crl: CertificateRevocationList,
  authority: TrustedAuthority,
): readonly [PathCertificate, ...PathCertificate[]] {
  const { algorithm } = crl.signed;
  if (!loadPathValidation().isAlgorithmAccepted(algorithm, 'strict')) {
    throw new Error(
      `it is signed with an algorithm that is not accepted (${describeRefusedAlgorithm(algorithm)}); let the authority sign its lists with RSA or ECDSA and SHA-256 or better, or with Ed25519`,
    );
  }
  const [signer, ...others] = listCertificates(authority).filter((certificate) => isSigner(certificate, crl));
  if (signer === undefined) {
    throw new Error(
      `it is not signed by a CA of the authority "${authority.name}"; its signer must be among the trustAnchors or intermediates`,
    );
  }
  return [signer, ...others];
}
