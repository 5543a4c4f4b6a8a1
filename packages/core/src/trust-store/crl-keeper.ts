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

/** What one source gave. */
interface Kept extends ListsOfSource {
  /** Of its latest list. */
  readonly latest: CertificateRevocationList;
  readonly sourceVersion: string | undefined;
  readonly digest: string;
}

/** What a read is for: an authority of the latest document, at the moment of the latest refresh. */
interface Wanted {
  readonly authority: TrustedAuthority;
  readonly now: number;
  readonly signers: SignerKnowledge;
}

/** What the operator, the responders and lists say of those who sign lists. */
export interface SignerKnowledge {
  /** Under which the lists about them may be kept. Left out: the authority's own. */
  readonly findNames?: (authority: TrustedAuthority) => readonly string[];
  readonly isDenied: (certificate: PathCertificate) => boolean;
  readonly findOcspResponses: (authority: TrustedAuthority, certificate: PathCertificate) => readonly OcspResponse[];
}

const nothingKnown: SignerKnowledge = { isDenied: () => false, findOcspResponses: () => [] };

interface InFlight {
  wanted: Wanted;
  /** It waits for the read before it, and reads for whatever is wanted then. */
  isWaiting: boolean;
  /** It has read a delta, which waits for the reads of the complete list that it belongs to. */
  isHeld: boolean;
  readonly read: Promise<void>;
}

interface RefusedCertificate extends Omit<WithdrawnRevocation, 'list' | 'detail'>, CertificateOfIssuer {
  /** Under which the lists that bear on it may be kept. */
  readonly names: readonly string[];
}

const maximumRefused = 1000;
const maximumWithdrawn = 100;

/** Sources that the code names, by the authority's name in lower case. */
export type CrlSourcesInCode = ReadonlyMap<string, readonly TrustSource[]>;

/**
 * Reads the authorities' CRLs and keeps the last good one of each source. A list is accepted only with a signature of the
 * authority and never in place of a newer one; what a list once said stays known when its source goes away.
 */
export class CrlKeeper {
  readonly #inCode: CrlSourcesInCode;
  readonly #documentSources = new Map<string, TrustSource>();
  /** By authority, then by source. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  /** By authority. */
  readonly #faults = new Map<string, string>();
  readonly #inFlight = new Map<string, InFlight>();
  #changeCount = 0;
  readonly #refused = new Map<string, RefusedCertificate>();
  #withdrawn: readonly WithdrawnRevocation[] = [];

  constructor(inCode: CrlSourcesInCode = new Map()) {
    this.#inCode = inCode;
  }

  /** Another number for another content. */
  get version(): number {
    return this.#changeCount;
  }

  hasSourcesInCode(authorityName: string): boolean {
    return this.#inCode.has(authorityName.toLowerCase());
  }

  /**
   * The lists that speak for this authority, of those that were read under these names; with new certificates under the
   * old name, only those that they signed.
   */
  list(authority: TrustedAuthority, names: readonly string[] = [authority.name]): readonly CertificateRevocationList[] {
    return this.#listKept(names)
      .flatMap(({ lists }) => lists.lists)
      .filter((crl) => isUsable(crl, authority));
  }

  /** The authority's lists that only revoke, filtered as in `list`. */
  listRevoking(
    authority: TrustedAuthority,
    names: readonly string[] = [authority.name],
  ): readonly CertificateRevocationList[] {
    return this.#listKept(names)
      .flatMap(({ lists }) => lists.revoking)
      .filter((crl) => isUsable(crl, authority));
  }

  /** Those that the authority goes by now, with their ends. */
  listInUse(authority: TrustedAuthority, names: readonly string[] = [authority.name]): readonly RevocationListStatus[] {
    return describeListsInUse(authority.name, this.#listKept(names), (list) => isUsable(list, authority));
  }

  /** The list to name in a refusal. */
  findListAbout(
    names: readonly string[],
    certificate: PathCertificate,
    isRevoked: boolean,
  ): RevocationListEntry | undefined {
    return findListAbout(certificate, this.#listKept(names), isRevoked);
  }

  /**
   * Remembers who was refused as revoked, until a newer list leaves them out. A stranger is never among them: they have a
   * valid path otherwise, and a CA of the authority has revoked them.
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

  /** The latest, the newest last. */
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

  /** Why the latest reads failed, for the operator; undefined when all succeeded. */
  findFault(authorityName: string): string | undefined {
    return this.#faults.get(authorityName.toLowerCase());
  }

  /** Reads every source once; never rejects. `now` is in milliseconds. */
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

  async #refreshAuthority(wanted: Wanted, readTimeout: number): Promise<void> {
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
   * A source that is slow to answer is asked once, and holds up no other. A read that has begun is joined by nobody who came
   * later: it is judged by the certificates of the document of then, and what it gives may be of before the process froze.
   * So it is asked for again afterwards.
   */
  #refreshOnce(wanted: Wanted, source: TrustSource, readTimeout: number): Promise<void> {
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
    // At once, since the authority's sources are read side by side.
    const ofAuthority = this.#kept.get(key) ?? new Map<string, Kept>();
    this.#kept.set(key, ofAuthority);
    const sourceKey = nameSource(source);
    const present = ofAuthority.get(sourceKey);
    // With new certificates under the old name, what was refused for them before may be right now; and a list that a new
    // minimum number refuses is read again, so that its refusal is told.
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
    // A complete list belongs to no other.
    if (!knowsBase(listAll(), latest, publicKey, now)) await this.#settleOthers(key, entry);
    const known = present?.lists.makeRoom((crl) => isOfAuthority(crl, authority)) ?? new KeptLists();
    const isValid = signedBy.some((each) => this.#mayReplace(each, authority, now, signers));
    // Its own lists are among all of them, which changes nothing.
    const { kept: lists, fault } = known.add(latest, { publicKey, isValid }, now, listAll());
    const isOfUse = fault === undefined || present === undefined;
    const read = isOfUse ? { latest, sourceVersion, digest, source: source.description } : present;
    if (fault === undefined || lists !== known) this.#changeCount += 1;
    ofAuthority.set(sourceKey, { ...read, lists });
    // It is read again until there is a better one, or its signer is valid.
    if (fault !== undefined) throw new Error(fault);
    this.#noteWithdrawn(authority, { list: latest, source: source.description });
  }

  /**
   * RFC 5280 §6.3.3 (f), as far as what is known now. The theft of a key that signs lists must not end the lists that its
   * owner signed before.
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
   * A CA publishes a complete list and the first delta to it at once, and the delta, which is shorter, is read sooner. Taken
   * alone, it would leave callers without a current complete list until the other read ends. Of two deltas, the later one
   * doesn't wait for the earlier.
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

/** What is shown of a URL leaves its query out, and that may tell two apart. */
function nameSource({ configuration, description }: TrustSource): string {
  return configuration ?? description;
}

/** As its source describes itself, which a broken address doesn't come to. */
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
 * Of every list of the issuer, whole or delta, wherever it came from: an instance that has just started remembers none that
 * was newer.
 */
function findNumberFault(crl: CertificateRevocationList, authority: TrustedAuthority): string | undefined {
  const { minimumCrlNumbers } = authority.revocation;
  for (const { subject, subjectText } of listCertificates(authority)) {
    const minimum = subject.key === crl.issuer.key ? minimumCrlNumbers.get(subjectText) : undefined;
    // Without a number, it is below every minimum.
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
 * Whoever can put something in the source's place must not be able to displace the list.
 *
 * @throws {Error} when the authority didn't sign the list.
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
