import { type CertificateRevocationList, maximumCrlLength } from '../certification-path/certificate-revocation-list.js';
import { decodeCrlFileInSlices } from '../certification-path/crl-file.js';
import { prepareCrl } from '../certification-path/crl-preparation.js';
import { isSignedBy } from '../certification-path/signature-memo.js';
import { isAlgorithmAccepted } from '../certification-path/validation-profile.js';
import { describeFault } from '../fault-text.js';
import type { TrustedAuthority } from '../trust-authority.js';
import { digestSha256 } from './document-bytes.js';
import { createFileSource } from './file-source.js';
import { readWithin } from './read-within.js';
import type { TrustSource } from './trust-source.js';
import { createUrlSource } from './url-source.js';

/** The list in use from one source, and one of the future that is to follow it. */
interface Kept {
  readonly current: CertificateRevocationList;
  readonly previous: CertificateRevocationList | undefined;
  readonly sourceVersion: string | undefined;
  readonly digest: string;
}

/** Sources that the code names, by the authority's name in lower case. */
export type CrlSourcesInCode = ReadonlyMap<string, readonly TrustSource[]>;

/**
 * Reads the authorities' CRLs and keeps the last good one of each source. A list comes in only with a signature of the
 * authority and never in place of a newer one; what a list once said stays known when its source goes away.
 */
export class CrlKeeper {
  readonly #inCode: CrlSourcesInCode;
  readonly #documentSources = new Map<string, TrustSource>();
  /** By authority, then by source. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  readonly #faults = new Map<string, Map<string, string>>();
  readonly #inFlight = new Map<string, Promise<void>>();
  #changeCount = 0;

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

  /** The lists that speak for this authority; with new certificates under the old name, only those that they signed. */
  list(authority: TrustedAuthority): readonly CertificateRevocationList[] {
    return [...(this.#kept.get(authority.name.toLowerCase())?.values() ?? [])]
      .flatMap(({ current, previous }) => (previous === undefined ? [current] : [current, previous]))
      .filter((crl) => isOfAuthority(crl, authority));
  }

  /** Why the latest reads failed, for the operator; undefined when all succeeded. */
  findFault(authorityName: string): string | undefined {
    const faults = [...(this.#faults.get(authorityName.toLowerCase()) ?? [])];
    return faults.length === 0 ? undefined : faults.map(([source, fault]) => `${source}: ${fault}.`).join(' ');
  }

  get fault(): string | undefined {
    const faults = [...this.#faults.keys()].flatMap((name) => this.findFault(name) ?? []);
    return faults.length === 0 ? undefined : faults.join(' ');
  }

  /** Reads every source once; never rejects. `now` is in milliseconds. */
  async refresh(authorities: readonly TrustedAuthority[], readTimeout: number, now: number): Promise<void> {
    const names = new Set(authorities.map(({ name }) => name.toLowerCase()));
    for (const name of this.#faults.keys()) if (!names.has(name)) this.#faults.delete(name);
    await Promise.all(authorities.map((authority) => this.#refreshAuthority(authority, readTimeout, now)));
  }

  async #refreshAuthority(authority: TrustedAuthority, readTimeout: number, now: number): Promise<void> {
    const key = authority.name.toLowerCase();
    const sources = [
      ...authority.revocation.crls.map((text) => this.#getDocumentSource(text)),
      ...(this.#inCode.get(key) ?? []),
    ];
    const faults = new Map<string, string>();
    await Promise.all(
      sources.map(async (source) => {
        try {
          await this.#refreshOnce(authority, source, readTimeout, now);
        } catch (error) {
          faults.set(source.description, describeFault(error));
        }
      }),
    );
    if (faults.size === 0) this.#faults.delete(key);
    else this.#faults.set(key, faults);
  }

  /** A source that is slow to answer is asked once, and holds up no other. */
  #refreshOnce(authority: TrustedAuthority, source: TrustSource, readTimeout: number, now: number): Promise<void> {
    const key = `${authority.name.toLowerCase()}\n${nameSource(source)}`;
    const present = this.#inFlight.get(key);
    if (present !== undefined) return present;
    const read = this.#refreshSource(authority, source, readTimeout, now).finally(() => {
      this.#inFlight.delete(key);
    });
    this.#inFlight.set(key, read);
    return read;
  }

  async #refreshSource(
    authority: TrustedAuthority,
    source: TrustSource,
    readTimeout: number,
    now: number,
  ): Promise<void> {
    const key = authority.name.toLowerCase();
    const ofAuthority = this.#kept.get(key) ?? new Map<string, Kept>();
    // Before anything is awaited: the authority's other sources are read at the same time.
    this.#kept.set(key, ofAuthority);
    const sourceKey = nameSource(source);
    const present = ofAuthority.get(sourceKey);
    // Of an authority that was given other certificates, what was kept says nothing any more.
    const kept = present !== undefined && isOfAuthority(present.current, authority) ? present : undefined;
    const lastVersion = kept?.sourceVersion;
    const reading = await readWithin(readTimeout, (signal) =>
      source.read({ lastVersion, signal, withSignature: false }),
    );
    if (!reading.changed) return;
    const { bytes, version: sourceVersion } = reading;
    if (bytes.length > 2 * maximumCrlLength) throw new Error(`it is larger than ${2 * maximumCrlLength} bytes`);
    const digest = await digestSha256(bytes);
    if (kept?.digest === digest) {
      ofAuthority.set(sourceKey, { ...kept, sourceVersion });
      return;
    }
    const crl = await decodeList(bytes);
    await prepareCrl(crl, [...authority.trustAnchors, ...authority.intermediates]);
    expectOfAuthority(crl, authority);
    if (kept !== undefined) expectNewer(crl, kept.current);
    // A clock that runs ahead somewhere must not leave us without a list: the one before counts until then.
    const previous = crl.thisUpdate > now ? kept?.current : undefined;
    ofAuthority.set(sourceKey, { current: crl, previous, sourceVersion, digest });
    this.#changeCount += 1;
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

async function decodeList(bytes: Uint8Array): Promise<CertificateRevocationList> {
  const decoding = await decodeCrlFileInSlices(bytes);
  if (!decoding.ok) throw new Error(`it is no CRL (${decoding.fault})`);
  return decoding.value;
}

function isOfAuthority(crl: CertificateRevocationList, authority: TrustedAuthority): boolean {
  return (
    isAlgorithmAccepted(crl.signed.algorithm, 'strict') &&
    [...authority.trustAnchors, ...authority.intermediates].some(
      ({ subject, verificationKey }) => subject.key === crl.issuer.key && isSignedBy(crl, verificationKey),
    )
  );
}

/** Whoever can put something in the source's place must not be able to displace the list. */
function expectOfAuthority(crl: CertificateRevocationList, authority: TrustedAuthority): void {
  if (isOfAuthority(crl, authority)) return;
  throw new Error(
    `it is not signed by a CA of the authority "${authority.name}"; whoever signs it must be among its trustAnchors or intermediates`,
  );
}

/** RFC 5280 §5.2.3: numbers rise. An older list would forget revocations. */
function expectNewer(crl: CertificateRevocationList, kept: CertificateRevocationList): void {
  if (crl.issuer.key !== kept.issuer.key) return;
  const isLowerNumber = crl.crlNumber !== undefined && kept.crlNumber !== undefined && crl.crlNumber < kept.crlNumber;
  if (!isLowerNumber && crl.thisUpdate >= kept.thisUpdate) return;
  throw new Error(
    `it is older than the list in use (number ${crl.crlNumber ?? 'none'} of ${new Date(crl.thisUpdate).toISOString()}, in use ${kept.crlNumber ?? 'none'} of ${new Date(kept.thisUpdate).toISOString()})`,
  );
}
