import { findFirstFault } from '@certgate/x509/internal';
import type { OcspResponse, PathCertificate } from '@certgate/x509/path';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type {
  AuthorityRevocationInformation,
  RevocationInformation,
} from '../trust-snapshot/revocation-information.js';
import { type AuthorityContext, findAuthorityPath, type OcspWanted } from '../trust-snapshot/authority-path.js';
import { type DenyingDocument, findDeniedIssued } from '../trust-snapshot/deny-list.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustedAuthority, TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { CrlKeeper, type CrlSourcesInCode, type SignerKnowledge } from './crl-keeper.js';
import type { RevocationListStatus, WithdrawnRevocation } from './lists-in-use.js';
import { noRevocation } from '../trust-document/read-revocation.js';
import { OcspKeeper } from './ocsp-keeper.js';
import { publishLists } from './revocation-channel.js';

/** A store's knowledge about revocation. The store keeps it current together with its document. */
export class RevocationKeeper implements RevocationInformation {
  readonly #inCode: CrlSourcesInCode;
  readonly #listOtherDocuments: () => readonly DenyingDocument[];
  readonly #crls: CrlKeeper;
  readonly #ocsp = new OcspKeeper();
  /** The authorities of the document, as the snapshot has them. */
  #given: readonly TrustedAuthority[] = [];
  /** The same authorities by lower-case name. */
  #authorities: ReadonlyMap<string, TrustedAuthority> = new Map();
  /** Stand-ins for the authorities that the code names and the document lacks. */
  #unmatched: readonly TrustedAuthority[] = [];
  #fault: string | undefined;
  #latest: Promise<void> = Promise.resolve();
  #inUse: readonly RevocationListStatus[] = [];
  readonly #lists = new WeakMap<
    TrustedAuthority,
    { readonly version: number; readonly found: AuthorityRevocationInformation }
  >();

  /** `listOtherDocuments`: lists the documents of other stores whose deny lists apply as well. */
  constructor(inCode: CrlSourcesInCode, listOtherDocuments: () => readonly DenyingDocument[] = () => []) {
    this.#inCode = inCode;
    this.#listOtherDocuments = listOtherDocuments;
    this.#crls = new CrlKeeper(inCode);
  }

  /**
   * A number that changes when the kept lists change, or when an OCSP answer revokes a certificate that was not known to
   * be revoked: an earlier decision may be about it. Other OCSP answers don't change it.
   */
  get version(): number {
    return this.#crls.version + this.#ocsp.revocations;
  }

  /**
   * What is wrong with the lists, and which callers are refused because of that, for the operator. Undefined if nothing
   * is wrong.
   */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Whether the code gives lists for the authority, even if they could not be read. Under a former name of the
   * authority, a list must have been read.
   */
  hasListsInCode(authority: TrustedAuthority): boolean {
    const [, ...formerNames] = this.#findNames(authority);
    return this.#isNamedInCode(authority) || this.#crls.list(authority, formerNames).length > 0;
  }

  find(authorityName: string): AuthorityRevocationInformation | undefined {
    const authority = this.#authorities.get(authorityName.toLowerCase());
    return authority && this.#describe(authority);
  }

  /**
   * Reads the lists of the document's authorities. Never rejects. `now` is in milliseconds since 1970-01-01T00:00:00Z.
   */
  refresh(snapshot: DenyingDocument, readTimeout: number, now: number): Promise<void> {
    const { authorities } = snapshot;
    // This read uses the deny lists of the other documents as they are now, together with the document's own.
    const denying = [...new Set([snapshot, ...this.#listOtherDocuments()])];
    const isDenied = (certificate: PathCertificate): boolean => findDeniedIssued(denying, certificate) !== undefined;
    const signers: SignerKnowledge = {
      findNames: (authority) => this.#findNames(authority),
      isDenied,
      findOcspResponses: (...signer) => this.#findAnswers(...signer),
    };
    if (authorities !== this.#given) this.#use(authorities);
    // If the code names every authority of the document, the lists under other names belong to none of them.
    const others = authorities.every((authority) => this.#isNamedInCode(authority)) ? [] : this.#unmatched;
    const lists = this.#crls.refresh([...authorities, ...others], readTimeout, now, signers);
    this.#fault = this.#describeFault();
    this.#latest = lists.then(() => {
      this.#fault = this.#describeFault();
      this.#noteLists(now);
    });
    return this.#latest;
  }

  #use(authorities: readonly TrustedAuthority[]): void {
    this.#given = authorities;
    this.#authorities = new Map(authorities.map((authority) => [authority.name.toLowerCase(), authority]));
    const names = [...this.#inCode.keys()].filter((name) => !this.#authorities.has(name));
    this.#unmatched = names.map((name) => createStandIn(name, authorities));
  }

  /** The lists that were in use after the latest reads. */
  get inUse(): readonly RevocationListStatus[] {
    return this.#inUse;
  }

  /** Certificates that were refused as revoked and that newer lists no longer name. */
  get withdrawn(): readonly WithdrawnRevocation[] {
    return this.#crls.withdrawn;
  }

  /** Notes and publishes the lists in use. They are only for people: no decision uses them. */
  #noteLists(now: number): void {
    const before = this.#inUse;
    this.#inUse = this.#given.flatMap((authority) => this.#crls.listInUse(authority, this.#findNames(authority)));
    publishLists(this.#inUse, before, now);
  }

  /** Resolves when the latest reads of lists have ended. */
  settle(): Promise<void> {
    return this.#latest;
  }

  /** Asks the responders. `find` then gives what is known, whatever they answered. Never rejects. */
  async ask(wanted: readonly OcspWanted[], now: number): Promise<void> {
    await Promise.all(wanted.map((each) => this.#ocsp.ask(each, now)));
  }

  /** Computed once per version of the lists, since every decision by an authority needs it. */
  #describe(authority: TrustedAuthority): AuthorityRevocationInformation {
    const { version } = this.#crls;
    const known = this.#lists.get(authority);
    if (known?.version === version) return known.found;
    const [crls, ocsp] = [this.#crls, this.#ocsp];
    const names = this.#findNames(authority);
    const source = describeResponder(authority);
    const found: AuthorityRevocationInformation = {
      crls: crls.list(authority, names),
      revokingCrls: crls.listRevoking(authority, names),
      findOcspResponses: (certificate) => this.#findAnswers(authority, certificate),
      isRequiredByCode: this.#isRequiredByCode(authority),
      findList: (certificate, isRevoked) => crls.findListAbout(names, certificate, isRevoked),
      noteRevoked: (certificate) => {
        crls.noteRevoked(names, certificate);
      },
      findFault: (certificate) =>
        [...names.map((each) => crls.findFault(each)), source && ocsp.findFault(source, certificate)]
          .filter(Boolean)
          .join(' ') || undefined,
    };
    this.#lists.set(authority, { version, found });
    return found;
  }

  #findAnswers(authority: TrustedAuthority, certificate: PathCertificate): readonly OcspResponse[] {
    return this.#ocsp.find(describeResponder(authority), certificate);
  }

  #isNamedInCode({ name }: TrustedAuthority): boolean {
    return this.#crls.hasSourcesInCode(name);
  }

  /**
   * The names under which the authority's lists may be kept, its own name first. A name in the code that the document
   * lacks may be a former name of any authority that the code doesn't name; its lists may be kept under both names.
   */
  #findNames(authority: TrustedAuthority): readonly [string, ...string[]] {
    const isFormer = this.#unmatched.includes(authority);
    if (!isFormer && this.#isNamedInCode(authority)) return [authority.name];
    const others = isFormer ? this.#given.filter((each) => !this.#isNamedInCode(each)) : this.#unmatched;
    return [authority.name, ...others.map(({ name }) => name)];
  }

  /**
   * Whether the code requires revocation information for the authority. A document that renames an authority must not
   * end this requirement. While no list shows which authority was renamed, it may be any whose mode the document
   * doesn't state.
   */
  #isRequiredByCode(authority: TrustedAuthority): boolean {
    return this.hasListsInCode(authority) || (this.#unmatched.some(this.#isUnknown) && this.#isModeOpen(authority));
  }

  /**
   * Whether no list shows which authority the document has renamed from this name. A list of an authority that the code
   * still names doesn't show it.
   */
  readonly #isUnknown = ({ name }: TrustedAuthority): boolean =>
    !this.#given.some((each) => !this.#isNamedInCode(each) && this.#crls.list(each, [name]).length > 0);

  #isModeOpen(authority: TrustedAuthority): boolean {
    const { mode, isModeStated } = authority.revocation;
    return mode === 'off' && !isModeStated && !this.#isNamedInCode(authority);
  }

  /** The faults of all authorities, without the full stop of the last sentence. Undefined if there are none. */
  #describeFault(): string | undefined {
    const ofAuthorities = this.#given.flatMap((authority) => {
      const fault = this.#crls.findFault(authority.name);
      return fault === undefined ? [] : [fault, this.#describeRefused([authority])];
    });
    const sentences = [...this.#unmatched.map((standIn) => this.#describeUnmatched(standIn)), ...ofAuthorities];
    return sentences.join(' ').replace(/\.$/, '') || undefined;
  }

  #describeUnmatched(standIn: TrustedAuthority): string {
    const { name } = standIn;
    const signers = this.#given.filter((authority) => this.#crls.list(authority, [name]).length > 0);
    const others = signers.filter((authority) => !this.#isNamedInCode(authority));
    const isUnknown = this.#isUnknown(standIn);
    const whose = isUnknown
      ? "no list under that name is known to be of a CA of an authority that crlBlobs doesn't name"
      : `its lists apply to ${listNames(others)}`;
    const fault = this.#crls.findFault(name);
    return [
      `crlBlobs names the authority "${name}", which the document doesn't have: ${whose}. Write the document's name there.`,
      ...(fault === undefined ? [] : [fault]),
      this.#describeRefused(isUnknown ? this.#given.filter((authority) => this.#isModeOpen(authority)) : signers),
    ].join(' ');
  }

  #describeRefused(authorities: readonly TrustedAuthority[]): string {
    const required = authorities.filter((authority) => {
      const { mode } = authority.revocation;
      return mode === 'required' || (mode === 'off' && this.#isRequiredByCode(authority));
    });
    if (required.length === 0) return 'Nobody is refused because of that.';
    const callers = `Callers by ${listNames(required)} whom no current revocation information covers`;
    return `${callers} are refused with 503 revocation_unavailable.`;
  }
}

function listNames(authorities: readonly TrustedAuthority[]): string {
  return authorities.map(({ name }) => `"${name}"`).join(', ');
}

/**
 * An authority that stands in for a name that the document lacks, in order to read and check the lists under that name:
 * any CA of the document may have signed them.
 */
function createStandIn(name: string, authorities: readonly TrustedAuthority[]): TrustedAuthority {
  return {
    name,
    trustAnchors: authorities.flatMap(({ trustAnchors }) => trustAnchors),
    intermediates: authorities.flatMap(({ intermediates }) => intermediates),
    spiffeTrustDomains: [],
    dnsConstraintsWithLeadingDot: 'refuse',
    revocation: noRevocation,
  };
}

function describeResponder({ revocation }: TrustedAuthority): Parameters<OcspKeeper['find']>[0] {
  const { ocsp, ocspNonce } = revocation;
  return ocsp === undefined ? undefined : { responder: ocsp, allowMissingNonce: ocspNonce === 'optional' };
}

/** The options of `readRevocationInformation`. */
export interface RevocationReadingOptions {
  /** The certificate about which responders are asked. Undefined if no responder should be asked. */
  readonly certificateDer?: Uint8Array | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /**
   * The authority whose responder is asked, regardless of the certificate's names. Undefined to ask the responders that
   * a decision would ask.
   */
  readonly authority?: TrustedAuthority | undefined;
  /** In milliseconds; 10,000 by default. */
  readonly readTimeoutMilliseconds?: number;
  /** The result of an earlier call for the same snapshot, whose lists are used again. */
  readonly lists?: KeptRevocation | undefined;
}

/** Revocation information that was read once, for further questions about the same document. */
export type KeptRevocation = RevocationInformation & Pick<RevocationKeeper, 'inUse' | 'ask'>;

/**
 * Reads once what a store would keep: the CRLs that the document's authorities name, and the answers of their OCSP
 * responders about one certificate. For tools that explain a decision. Never rejects: what can't be read is missing,
 * and a fault says so.
 */
export async function readRevocationInformation(
  snapshot: TrustSnapshot,
  { certificateDer, now, authority, readTimeoutMilliseconds = 10_000, lists }: RevocationReadingOptions,
): Promise<KeptRevocation> {
  const keeper = lists ?? (await readLists(snapshot, readTimeoutMilliseconds, now));
  if (certificateDer === undefined) return keeper;
  const wanted: OcspWanted[] = [];
  const context: AuthorityContext = { revocation: keeper, onOcspWanted: (each) => wanted.push(each) };
  lookForPaths(snapshot, presentCertificate(certificateDer), authority, now, context);
  await keeper.ask(wanted, now);
  return keeper;
}

async function readLists(snapshot: TrustSnapshot, readTimeout: number, now: number): Promise<RevocationKeeper> {
  const keeper = new RevocationKeeper(new Map());
  await keeper.refresh(snapshot, readTimeout, now);
  return keeper;
}

/**
 * Collects the questions for OCSP responders as the gate does: it asks none about a certificate that is unfit for a
 * client.
 */
function lookForPaths(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  authority: TrustedAuthority | undefined,
  now: number,
  context: AuthorityContext,
): void {
  const { decoding, pathDecoding } = presented;
  if (!decoding.ok || !pathDecoding.ok) return;
  if (findFirstFault(decoding.certificate, now, true) !== undefined) return;
  if (authority !== undefined) {
    findAuthorityPath(authority, { target: pathDecoding.value }, now, context);
    return;
  }
  const finding = findInSnapshot(snapshot, presented, now, context);
  if (finding.outcome === 'nominated') finding.confirm();
}
