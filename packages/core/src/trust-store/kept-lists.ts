import type { CertificateRevocationList } from '@certgate/x509/path';
import { loadPathValidation } from '../load-path-validation.js';

/** The newest list of one scope, and while that is of the future, the one that counts until then. */
interface Kept {
  readonly current: CertificateRevocationList;
  readonly previous: CertificateRevocationList | undefined;
}

/** A source has one list, or a few: a CA's and its delta, those of a CA and the CA above it. */
const maximumScopes = 16;

/**
 * The lists that one source has given, the newest of each scope. Whoever can put something in the source's place must not
 * be able to displace a list: not by an older one, nor by a genuine list of another CA, for other certificates or reasons.
 * Immutable.
 */
export class KeptLists {
  readonly #byScope: ReadonlyMap<string, Kept>;

  constructor(byScope: ReadonlyMap<string, Kept> = new Map()) {
    this.#byScope = byScope;
  }

  get lists(): readonly CertificateRevocationList[] {
    return [...this.#byScope.values()].flatMap(({ current, previous }) =>
      previous === undefined ? [current] : [current, previous],
    );
  }

  /** Only those that the authority signed: of one that was given other certificates, the others say nothing any more. */
  filter(isOfAuthority: (crl: CertificateRevocationList) => boolean): KeptLists {
    return new KeptLists(new Map([...this.#byScope].filter(([, { current }]) => isOfAuthority(current))));
  }

  /**
   * With a list whose signature holds. `now` is in milliseconds.
   *
   * @throws {Error} when it is older than the one in use.
   */
  add(crl: CertificateRevocationList, now: number): KeptLists {
    const scope = nameScope(crl);
    const kept = this.#byScope.get(scope);
    if (kept === undefined && this.#byScope.size >= maximumScopes) {
      throw new Error(`it gave lists of ${maximumScopes} kinds already, and this is one of another`);
    }
    if (kept !== undefined) expectNewer(crl, kept, now);
    // A clock that runs ahead somewhere must not leave us without a list: the one before counts until then.
    const previous = crl.thisUpdate > now ? findPresent(kept, now) : undefined;
    return new KeptLists(new Map(this.#byScope).set(scope, { current: crl, previous }));
  }
}

function findPresent(kept: Kept | undefined, now: number): CertificateRevocationList | undefined {
  return kept !== undefined && kept.current.thisUpdate > now ? kept.previous : kept?.current;
}

/** RFC 5280 §5: who issued it, by which key, for which certificates and reasons, and whether whole. */
function nameScope({ issuer, extensions, deltaBaseNumber }: CertificateRevocationList): string {
  const describe = (type: string): string => {
    const value = extensions.get(type)?.value;
    return value === undefined ? 'none' : Buffer.from(value).toString('hex');
  };
  const { issuingDistributionPoint, authorityKeyIdentifier } = loadPathValidation().crlExtensionTypes;
  const kind = deltaBaseNumber === undefined ? 'whole' : 'delta';
  return [describe(issuingDistributionPoint), describe(authorityKeyIdentifier), kind, issuer.key].join('\n');
}

/** RFC 5280 §5.2.3: numbers rise. An older list would forget revocations. */
function expectNewer(crl: CertificateRevocationList, { current, previous }: Kept, now: number): void {
  const inUse = isMistakenForFuture(crl, current, now) ? previous : current;
  if (inUse === undefined) return;
  const isLowerNumber = crl.crlNumber !== undefined && inUse.crlNumber !== undefined && crl.crlNumber < inUse.crlNumber;
  if (!isLowerNumber && crl.thisUpdate >= inUse.thisUpdate) return;
  throw new Error(
    `it is older than the list in use (number ${crl.crlNumber ?? 'none'} of ${describeTime(crl)}, in use ${inUse.crlNumber ?? 'none'} of ${describeTime(inUse)})`,
  );
}

/** A CA whose clock ran ahead once, and was set right: what it issues now has a higher number and an earlier date. */
function isMistakenForFuture(crl: CertificateRevocationList, current: CertificateRevocationList, now: number): boolean {
  if (current.thisUpdate <= now || crl.crlNumber === undefined || current.crlNumber === undefined) return false;
  return crl.crlNumber > current.crlNumber;
}

function describeTime({ thisUpdate }: CertificateRevocationList): string {
  return new Date(thisUpdate).toISOString();
}
