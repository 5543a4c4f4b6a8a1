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

/** What a store knows of revocation, kept current beside its document. */
export class RevocationKeeper implements RevocationInformation {
  readonly #inCode: CrlSourcesInCode;
  readonly #listBeside: () => readonly DenyingDocument[];
  readonly #crls: CrlKeeper;
  readonly #ocsp = new OcspKeeper();
  /** The authorities of the document, as the snapshot has them. */
  #given: readonly TrustedAuthority[] = [];
  /** The same by lower-case name. */
  #authorities: ReadonlyMap<string, TrustedAuthority> = new Map();
  /** The names of the code that the document lacks. */
  #unmatched: readonly TrustedAuthority[] = [];
  #fault: string | undefined;
  #latest: Promise<void> = Promise.resolve();
  #inUse: readonly RevocationListStatus[] = [];
  readonly #lists = new WeakMap<
    TrustedAuthority,
    { readonly version: number; readonly found: AuthorityRevocationInformation }
  >();

  /** `listBeside`: the documents whose deny lists count as well. */
  constructor(inCode: CrlSourcesInCode, listBeside: () => readonly DenyingDocument[] = () => []) {
    this.#inCode = inCode;
    this.#listBeside = listBeside;
    this.#crls = new CrlKeeper(inCode);
  }

  /**
   * Names the lists in use, and what responders called revoked, of which an earlier decision may be. Not their other
   * answers: one is asked for when the answer before it is no longer current, and so is every decision that rested on that.
   */
  get version(): number {
    return this.#crls.version + this.#ocsp.revocations;
  }

  /** What is wrong, and who is refused because of that, for the operator. Undefined: nothing. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether the code gives lists of the authority, whatever came of reading them. */
  hasListsInCode(authority: TrustedAuthority): boolean {
    const [, ...formerNames] = this.#findNames(authority);
    return this.#isNamedInCode(authority) || this.#crls.list(authority, formerNames).length > 0;
  }

  find(authorityName: string): AuthorityRevocationInformation | undefined {
    const authority = this.#authorities.get(authorityName.toLowerCase());
    return authority && this.#describe(authority);
  }

  /** Never rejects. `now` is in milliseconds. */
  refresh(snapshot: DenyingDocument, readTimeout: number, now: number): Promise<void> {
    const { authorities } = snapshot;
    // This read goes by the deny lists as they are now, like the document's own.
    const denying = [...new Set([snapshot, ...this.#listBeside()])];
    const isDenied = (certificate: PathCertificate): boolean => findDeniedIssued(denying, certificate) !== undefined;
    const signers: SignerKnowledge = {
      findNames: (authority) => this.#findNames(authority),
      isDenied,
      findOcspResponses: (...signer) => this.#findAnswers(...signer),
    };
    if (authorities !== this.#given) this.#use(authorities);
    // If the code names every authority of the document, these lists count for none.
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

  /** The lists in use, as of the latest reads. */
  get inUse(): readonly RevocationListStatus[] {
    return this.#inUse;
  }

  /** Refused certificates that newer lists have left out. */
  get withdrawn(): readonly WithdrawnRevocation[] {
    return this.#crls.withdrawn;
  }

  /** For people alone. */
  #noteLists(now: number): void {
    const before = this.#inUse;
    this.#inUse = this.#given.flatMap((authority) => this.#crls.listInUse(authority, this.#findNames(authority)));
    publishLists(this.#inUse, before, now);
  }

  /** Resolves when the latest reads of lists have ended. */
  settle(): Promise<void> {
    return this.#latest;
  }

  /** Asks the responders; whatever comes of it, what is known then is found by `find`. Never rejects. */
  async ask(wanted: readonly OcspWanted[], now: number): Promise<void> {
    await Promise.all(wanted.map((each) => this.#ocsp.ask(each, now)));
  }

  /** Worked out once per version of the lists, since it is asked for at every decision by an authority. */
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
   * The names under which its lists may be kept: those that the document lacks may be former names of the authority, which
   * may have lists under its present name as well.
   */
  #findNames(authority: TrustedAuthority): readonly [string, ...string[]] {
    const isFormer = this.#unmatched.includes(authority);
    if (!isFormer && this.#isNamedInCode(authority)) return [authority.name];
    const others = isFormer ? this.#given.filter((each) => !this.#isNamedInCode(each)) : this.#unmatched;
    return [authority.name, ...others.map(({ name }) => name)];
  }

  /**
   * A document that renames an authority must not end what the code requires of it. While no list tells which authority
   * that is, it may be any whose mode the document doesn't state.
   */
  #isRequiredByCode(authority: TrustedAuthority): boolean {
    return this.hasListsInCode(authority) || (this.#unmatched.some(this.#isUnknown) && this.#isOpen(authority));
  }

  /** A list of an authority that the code names doesn't show whose name the document has changed. */
  readonly #isUnknown = ({ name }: TrustedAuthority): boolean =>
    !this.#given.some((each) => !this.#isNamedInCode(each) && this.#crls.list(each, [name]).length > 0);

  #isOpen(authority: TrustedAuthority): boolean {
    const { mode, isModeStated } = authority.revocation;
    return mode === 'off' && !isModeStated && !this.#isNamedInCode(authority);
  }

  /** A part of a sentence, as the fault of a document is. */
  #describeFault(): string | undefined {
    const ofAuthorities = this.#given.flatMap((authority) => {
      const fault = this.#crls.findFault(authority.name);
      return fault === undefined ? [] : [fault, this.#describeRefused([authority])];
    });
    const said = [...this.#unmatched.map((standIn) => this.#describeUnmatched(standIn)), ...ofAuthorities];
    return said.join(' ').replace(/\.$/, '') || undefined;
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
      this.#describeRefused(isUnknown ? this.#given.filter((authority) => this.#isOpen(authority)) : signers),
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

/** Reads and judges the lists under a name that the document lacks: any of its CAs may have signed them. */
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
  /** The certificate whose responders are asked; undefined: no responder is. */
  readonly certificateDer?: Uint8Array | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** Whose responder is asked, whatever the document says of the certificate's names; undefined: whom the decision would. */
  readonly authority?: TrustedAuthority | undefined;
  /** Default 10,000. */
  readonly readTimeoutMilliseconds?: number;
  /** What an earlier call read for the same snapshot: its lists are used again. */
  readonly lists?: KeptRevocation | undefined;
}

/** What was read once, for further questions by the same document. */
export type KeptRevocation = RevocationInformation & Pick<RevocationKeeper, 'inUse' | 'ask'>;

/**
 * Reads once what a store would keep: the CRLs that the document's authorities name, and what their OCSP responders say of
 * one certificate. For tools that explain a decision. Never rejects: what can't be read is missing, and said so.
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

/** As the gate does: what is unfit to be a client's is no question for a responder. */
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
