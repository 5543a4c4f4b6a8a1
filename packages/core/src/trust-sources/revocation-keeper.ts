import type { OcspWanted } from '../authority-path.js';
import type { AuthorityRevocationInformation, RevocationInformation } from '../revocation-information.js';
import type { TrustedAuthority } from '../trust-authority.js';
import { CrlKeeper, type CrlSourcesInCode } from './crl-keeper.js';
import { OcspKeeper } from './ocsp-keeper.js';

/** What a store knows of revocation, kept current beside its document. */
export class RevocationKeeper implements RevocationInformation {
  readonly #inCode: CrlSourcesInCode;
  readonly #crls: CrlKeeper;
  readonly #ocsp = new OcspKeeper();
  #authorities: ReadonlyMap<string, TrustedAuthority> = new Map();
  #latest: Promise<void> = Promise.resolve();
  readonly #lists = new WeakMap<
    TrustedAuthority,
    { readonly version: number; readonly found: AuthorityRevocationInformation }
  >();

  constructor(inCode: CrlSourcesInCode) {
    this.#inCode = inCode;
    this.#crls = new CrlKeeper(inCode);
  }

  /**
   * Names the lists in use. Not the OCSP answers: one is asked for when the answer before it is no longer current, and so
   * is every decision that rested on that.
   */
  get version(): string {
    return String(this.#crls.version);
  }

  /** For the operator; undefined: every list could be read. */
  get fault(): string | undefined {
    const unknown = [...this.#inCode.keys()].filter((name) => !this.#authorities.has(name));
    const names = unknown.map((name) => `crlBlobs names the authority "${name}", which the document doesn't have.`);
    return [...names, ...(this.#crls.fault === undefined ? [] : [this.#crls.fault])].join(' ') || undefined;
  }

  find(authorityName: string): AuthorityRevocationInformation | undefined {
    const authority = this.#authorities.get(authorityName.toLowerCase());
    return authority && this.#describe(authority);
  }

  /** Never rejects. `now` is in milliseconds. */
  refresh(authorities: readonly TrustedAuthority[], readTimeout: number, now: number): Promise<void> {
    this.#authorities = new Map(authorities.map((authority) => [authority.name.toLowerCase(), authority]));
    this.#latest = this.#crls.refresh(authorities, readTimeout, now);
    return this.#latest;
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
      findFault: (certificate) =>
        [crls.findFault(name), source && ocsp.findFault(source, certificate)].filter(Boolean).join(' ') || undefined,
    };
    this.#lists.set(authority, { version, found });
    return found;
  }
}
