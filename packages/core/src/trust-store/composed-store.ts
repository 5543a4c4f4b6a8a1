import {
  describeStoreFault,
  readTrustFinding,
  readTrustVersion,
  type TrustMirrorReport,
  type TrustStore,
  type TrustStoreReport,
  type TrustStoreWarning,
} from './trust-store.js';
import { describeStores, listDocuments, noteListing } from './listed-documents.js';
import { noteOtherDocuments } from '../trust-snapshot/trust-snapshot.js';
import { listDers } from '../certificate-header/candidate-certificate.js';
import { listTwins, type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import {
  concludeFinding,
  type ConfirmedFinding,
  type FoundFinding,
  type NominatedFinding,
  type RefusedFinding,
  type TrustFinding,
  type UnavailableFinding,
} from '../trust-snapshot/trust-finding.js';
import type { StrangerClaim } from '../denial-facts.js';
import { rankClaim } from '../trust-snapshot/stranger-claim.js';
import { combineConfirmed, combineFindings, mayBeRefused, type OpenNomination } from './combine-findings.js';
import { readMember } from '@certgate/x509/internal';

interface WarningLists {
  readonly lists: readonly (readonly TrustStoreWarning[])[];
  readonly joined: readonly TrustStoreWarning[];
}

/** The stores' answers while nominations among them still have to be confirmed. */
type OpenFindings = OpenNomination & { readonly findings: readonly TrustFinding[] };

const noWarnings: readonly TrustStoreWarning[] = Object.freeze([]);

/** The report of a store of the user's own that has no `report`. */
const silentReport: TrustStoreReport = Object.freeze({
  description: 'a store of your own',
  revision: undefined,
  warnings: noWarnings,
  fault: undefined,
});

/** A class for the same reason as `DocumentTrustStore`: a copy with another `find` must not keep the `version`. */
export class ComposedTrustStore implements TrustStore {
  readonly #stores: readonly TrustStore[];
  readonly #listDocuments = (): ReturnType<typeof listDocuments> => this.#stores.flatMap(listDocuments);
  /** The warnings of the last report: each store's list, and all of them as one list. */
  #warnings: WarningLists = { lists: [], joined: [] };

  constructor(stores: readonly TrustStore[]) {
    // The parts of another `firstOf` become parts of this one. That one answers even if one of its documents is too old,
    // and the deny list of such a document must be left out here as well.
    this.#stores = stores.flatMap((each) => (#stores in each ? each.#stores : each));
    noteListing(this, this.#listDocuments, () => this.#stores.flatMap(describeStores), this.#stores);
    Object.freeze(this);
  }

  /** The versions of all stores, since each store affects every answer. Undefined if one of them has no version. */
  get version(): string | undefined {
    const versions = this.#stores.map(readTrustVersion);
    return versions.includes(undefined) ? undefined : JSON.stringify(versions);
  }

  get configuration(): string | undefined {
    // Stores of the user's own mostly have no configuration. A member of Object.prototype must not make two stores seem
    // the same.
    const configurations = this.#stores.map((store) => readMember(store, 'configuration'));
    const isKnown = configurations.every((each) => typeof each === 'string');
    return isKnown ? JSON.stringify(['first of', ...configurations]) : undefined;
  }

  async find(certificate: PresentedCertificate, now: number): Promise<TrustFinding> {
    let versions = this.#readVersions();
    let finding = await this.#ask(certificate, now);
    if (this.#readVersions() !== versions) {
      // While one store was slow, another may have learned of a revocation after it had answered.
      versions = this.#readVersions();
      finding = await this.#ask(certificate, now);
    }
    if (finding.outcome !== 'nominated') return finding;
    const { findings, ...nomination } = finding;
    return { ...nomination, confirm: () => this.#confirm(findings, versions, certificate, now) };
  }

  async start(): Promise<void> {
    await Promise.all(this.#stores.map(async (store) => store.start?.()));
  }

  report(): TrustStoreReport {
    const reports = this.#stores.map((store) => store.report?.() ?? silentReport);
    const mirrors = reports.flatMap(({ mirror }) => mirror ?? []);
    const failing = reports.filter(({ fault }) => fault !== undefined);
    return {
      description: `first of ${reports.map(({ description }) => description).join(', ')}`,
      revision: undefined,
      sha256: reports.flatMap(({ sha256 }) => sha256 ?? []).join() || undefined,
      warnings: this.#joinWarnings(reports),
      fault: joinFaults(reports, 'fault'),
      revocationFault: joinFaults(reports, 'revocationFault'),
      failure: failing.find(({ failure }) => failure === 'refused')?.failure ?? failing[0]?.failure,
      // The values of the store that was read longest ago.
      lastSuccessAt: findExtreme(reports, 'lastSuccessAt', Math.min),
      ageMilliseconds: findExtreme(reports, 'ageMilliseconds', Math.max),
      // All stores are needed, so the earliest limit closes the gate. A store that never had a document has closed it
      // already.
      usableUntil: failing.every(({ usableUntil }) => usableUntil !== undefined)
        ? findExtreme(reports, 'usableUntil', Math.min)
        : undefined,
      ...(mirrors.length > 0 && { mirror: combineMirrors(mirrors, failing) }),
      // A report is made for each decision, so nothing is copied without need.
      parts: reports.some(({ parts }) => parts !== undefined)
        ? reports.flatMap((report) => report.parts ?? report)
        : reports,
    };
  }

  /** The claim that proves the most, of the claims of all stores. */
  findClaim(certificate: PresentedCertificate, now: number): StrangerClaim | undefined {
    const claims = this.#stores.flatMap((store) => store.findClaim?.(certificate, now) ?? []);
    return claims.sort((one, other) => rankClaim(one) - rankClaim(other))[0];
  }

  /**
   * A document may have a hundred thousand warnings, and the gate asks for a report for each decision. So the joined
   * list is kept while the stores' lists stay the same.
   */
  #joinWarnings(reports: readonly TrustStoreReport[]): readonly TrustStoreWarning[] {
    // A store of the user's own may return anything.
    const lists = reports.map(({ warnings }) => (Array.isArray(warnings as unknown) ? warnings : noWarnings));
    const known = this.#warnings.lists;
    const isSame = lists.length === known.length && lists.every((list, index) => list === known[index]);
    if (!isSame) this.#warnings = { lists, joined: Object.freeze(lists.flat()) };
    return this.#warnings.joined;
  }

  #readVersions(): string {
    return JSON.stringify(this.#stores.map(readTrustVersion));
  }

  /**
   * Asks all stores, and combines their answers. If the result depends on a path, it is a nomination, even if a store
   * has validated the path by itself, or if only a pin of the same certificate with its other ECDSA signature needs the
   * path.
   */
  async #ask(
    certificate: PresentedCertificate,
    now: number,
  ): Promise<Exclude<TrustFinding, NominatedFinding> | OpenFindings> {
    const findings = await this.#askAll(certificate, now);
    const combined = combineFindings(findings);
    if (combined.outcome === 'nominated') return { ...combined, findings };
    if (combined.outcome !== 'found') return combined;
    const nomination = { outcome: 'nominated', identityName: combined.identity.name, findings } as const;
    if (hasPath(combined)) return nomination;
    const together = combineFindings([...findings, ...(await this.#askAboutTwin(certificate, now))]);
    return together.outcome === 'nominated' || (together.outcome === 'found' && hasPath(together))
      ? nomination
      : together;
  }

  async #confirm(
    findings: readonly TrustFinding[],
    versionsBefore: string,
    certificate: PresentedCertificate,
    now: number,
  ): Promise<ConfirmedFinding> {
    const confirmed = await this.#confirmAll(findings, certificate, now);
    if (this.#readVersions() === versionsBefore) return confirmed;
    const finding = await this.#ask(certificate, now);
    return finding.outcome === 'nominated'
      ? this.#confirmAll(finding.findings, certificate, now)
      : concludeFinding(finding);
  }

  async #confirmAll(
    findings: readonly TrustFinding[],
    certificate: PresentedCertificate,
    now: number,
  ): Promise<ConfirmedFinding> {
    const confirmed = await Promise.all(findings.map(confirmFinding));
    const combined = combineConfirmed(confirmed, findings);
    // A final refusal, or an unknown certificate, needs no further questions: pins of the certificate with its other
    // ECDSA signature never admit it.
    if (!mayBeRefused(combined)) return combined;
    const twins = await this.#askAboutTwin(certificate, now);
    const ofTwin = await Promise.all(twins.map(confirmFinding));
    const known = [...confirmed, ...ofTwin];
    const pathAuthorities = known.flatMap((each) => (each.outcome === 'found' ? (each.pathAuthorities ?? []) : []));
    const ofAuthorities = await this.#askAboutAuthorities(certificate, pathAuthorities, now);
    return combineConfirmed([...known, ...ofAuthorities], [...findings, ...twins]);
  }

  /**
   * Asks every store about the same certificate with its other ECDSA signature. Any of the stores may have a pin of
   * that twin, which may refuse this certificate as it would in one document. Empty if the signature is not ECDSA.
   */
  async #askAboutTwin(certificate: PresentedCertificate, now: number): Promise<readonly TrustFinding[]> {
    const findings = await Promise.all(listTwins(certificate).map((twin) => this.#askAll(twin, now)));
    return findings.flat();
  }

  /**
   * Asks every store about the CA certificates of a path. An authority of one store admits certificates of which the
   * other stores have no entry, so the deny lists of all stores must apply to the path's CAs, as they would in one
   * document.
   */
  async #askAboutAuthorities(
    certificate: PresentedCertificate,
    pathAuthorities: readonly Uint8Array[],
    now: number,
  ): Promise<readonly ConfirmedFinding[]> {
    // A CA on the path may have come with the request. From the certificates that came with it, a store learns the
    // names of the CA's issuers, and so which entries of its deny list apply.
    const candidates = listDers(certificate.candidates);
    const findings = await Promise.all(
      pathAuthorities.map((der) => this.#askAll(presentCertificate(der, candidates), now)),
    );
    return findings.flat().filter(bearsOnIssued).map(concludeFinding);
  }

  async #askAll(certificate: PresentedCertificate, now: number): Promise<readonly TrustFinding[]> {
    noteOtherDocuments(certificate, { of: this, list: this.#listDocuments });
    const findings = await Promise.all(this.#stores.map((store) => askStore(store, certificate, now)));
    // A document that is too old must not refuse: the answer is "unavailable" because of these findings. So when the
    // paths are looked for, its deny list is left out.
    const answering = this.#stores.filter((_, index) => findings[index]?.outcome !== 'unavailable');
    noteOtherDocuments(certificate, { of: this, list: () => answering.flatMap(listDocuments) });
    return findings;
  }
}

/** Never rejects: an error in one store must not hide that another store denies. */
async function askStore(store: TrustStore, certificate: PresentedCertificate, now: number): Promise<TrustFinding> {
  try {
    return readTrustFinding(await store.find(certificate, now));
  } catch (error) {
    return describeStoreFault(error);
  }
}

/** Never rejects, like `askStore`. */
async function confirmFinding(finding: TrustFinding): Promise<ConfirmedFinding> {
  if (finding.outcome !== 'nominated') return concludeFinding(finding);
  try {
    return await finding.confirm();
  } catch (error) {
    return describeStoreFault(error);
  }
}

function hasPath({ isPathValidated, pathAuthorities }: FoundFinding): boolean {
  return isPathValidated === true || pathAuthorities !== undefined;
}

/**
 * Whether a store's answer about a CA applies to what the CA issued. Only two answers do: that the CA is on the store's
 * deny list, and that the store is unavailable.
 */
function bearsOnIssued(finding: TrustFinding): finding is RefusedFinding | UnavailableFinding {
  if (finding.outcome !== 'denied') return finding.outcome === 'unavailable';
  return finding.code === 'certificate_on_deny_list';
}

function joinFaults(reports: readonly TrustStoreReport[], key: 'fault' | 'revocationFault'): string | undefined {
  const faults = reports.flatMap(({ description, [key]: fault }) =>
    fault === undefined ? [] : `${description}: ${fault}`,
  );
  return faults.join('; ') || undefined;
}

/**
 * The report of one mirror for all stores. `isInUse` is true only if every store with a fault uses its mirror, so that
 * the report doesn't hide a store without a document.
 */
function combineMirrors(
  mirrors: readonly TrustMirrorReport[],
  failing: readonly TrustStoreReport[],
): TrustMirrorReport | undefined {
  const reported = mirrors.find(({ isInUse, fault }) => isInUse || fault !== undefined) ?? mirrors[0];
  return (
    reported && { ...reported, isInUse: reported.isInUse && failing.every(({ mirror }) => mirror?.isInUse === true) }
  );
}

function findExtreme(
  reports: readonly TrustStoreReport[],
  key: 'lastSuccessAt' | 'ageMilliseconds' | 'usableUntil',
  choose: (...values: readonly number[]) => number,
): number | undefined {
  const values = reports.flatMap((report) => report[key] ?? []);
  return values.length === 0 ? undefined : choose(...values);
}
