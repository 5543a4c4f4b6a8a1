import { findCertificateFault } from '@certgate/x509/internal';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type {
  AuthorityRevocationInformation,
  RevocationInformation,
} from '../trust-snapshot/revocation-information.js';
import { type AuthorityContext, findAuthorityPath, type OcspWanted } from '../trust-snapshot/authority-path.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustedAuthority, TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { CrlKeeper, type CrlSourcesInCode } from './crl-keeper.js';
import type { RevocationListStatus } from './lists-in-use.js';
import { OcspKeeper } from './ocsp-keeper.js';
import { publishLists } from './revocation-channel.js';

/** What a store knows of revocation, kept current beside its document. */
export class RevocationKeeper implements RevocationInformation {
  readonly #inCode: CrlSourcesInCode;
  readonly #crls: CrlKeeper;
  readonly #ocsp = new OcspKeeper();
  #authorities: ReadonlyMap<string, TrustedAuthority> = new Map();
  #latest: Promise<void> = Promise.resolve();
  #inUse: readonly RevocationListStatus[] = [];
  readonly #lists = new WeakMap<
    TrustedAuthority,
    { readonly version: number; readonly found: AuthorityRevocationInformation }
  >();

  constructor(inCode: CrlSourcesInCode) {
    this.#inCode = inCode;
    this.#crls = new CrlKeeper(inCode);
  }

  /**
   * Names the lists in use, and what responders called revoked, of which an earlier decision may be. Not their other
   * answers: one is asked for when the answer before it is no longer current, and so is every decision that rested on that.
   */
  get version(): number {
    return this.#crls.version + this.#ocsp.revocations;
  }

  /** For the operator; undefined: every list could be read. */
  get fault(): string | undefined {
    const unknown = [...this.#inCode.keys()].filter((name) => !this.#authorities.has(name));
    const names = unknown.map((name) => `crlBlobs names the authority "${name}", which the document doesn't have.`);
    const said = [...names, ...(this.#crls.fault === undefined ? [] : [this.#crls.fault])].join(' ');
    // As the fault of a document: part of a sentence.
    return said.replace(/\.$/, '') || undefined;
  }

  find(authorityName: string): AuthorityRevocationInformation | undefined {
    const authority = this.#authorities.get(authorityName.toLowerCase());
    return authority && this.#describe(authority);
  }

  /** Never rejects. `now` is in milliseconds. */
  refresh(authorities: readonly TrustedAuthority[], readTimeout: number, now: number): Promise<void> {
    this.#authorities = new Map(authorities.map((authority) => [authority.name.toLowerCase(), authority]));
    this.#latest = this.#crls.refresh(authorities, readTimeout, now).then(() => {
      this.#noteLists(now);
    });
    return this.#latest;
  }

  /** The lists in use, as of the latest reads. */
  get inUse(): readonly RevocationListStatus[] {
    return this.#inUse;
  }

  /** For people alone. */
  #noteLists(now: number): void {
    const before = this.#inUse;
    this.#inUse = [...this.#authorities.values()].flatMap((authority) => this.#crls.listInUse(authority));
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
    const { name, revocation } = authority;
    const source =
      revocation.ocsp === undefined
        ? undefined
        : {
            responder: revocation.ocsp,
            allowMissingNonce: revocation.ocspNonce === 'optional',
          };
    const found: AuthorityRevocationInformation = {
      crls: crls.list(authority),
      findOcspResponses: (certificate) => ocsp.find(source, certificate),
      isConfiguredInCode: crls.hasSourcesInCode(name),
      findList: (certificate, isRevoked) => crls.findListAbout(authority, certificate, isRevoked),
      findFault: (certificate) =>
        [crls.findFault(name), source && ocsp.findFault(source, certificate)].filter(Boolean).join(' ') || undefined,
    };
    this.#lists.set(authority, { version, found });
    return found;
  }
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
  await keeper.refresh(snapshot.authorities, readTimeout, now);
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
  if (findCertificateFault(decoding.certificate, now, { isPathValidated: true }) !== undefined) return;
  if (authority !== undefined) {
    findAuthorityPath(authority, { target: pathDecoding.value }, now, context);
    return;
  }
  const finding = findInSnapshot(snapshot, presented, now, context);
  if (finding.outcome === 'nominated') finding.confirm();
}
