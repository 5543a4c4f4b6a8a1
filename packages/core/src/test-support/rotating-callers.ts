import assert from 'node:assert/strict';
import {
  extension,
  makeWritingKey,
  type WritingKey,
  type WrittenName,
  writeCertificate,
} from '@certgate/x509/test-support/certificate-writing.js';
import {
  authorityExtensions,
  clientExtensions,
  extensions,
  generalNames,
} from '@certgate/x509/test-support/extension-writing.js';
import { now as start } from '@certgate/x509/test-support/certificates.js';
import { AccessGate } from '../access/access-gate.js';
import type { Decision } from '../access/decision.js';
import type { TrustReadRequest, TrustSourceReading } from '../trust-sources/trust-source.js';
import { RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import { toPem } from './authority-certificates.js';
import { ManualClock } from './scripted-source.js';

const hour = 3_600_000;

/** Certificates are renewed after two thirds of their lifetime. */
const lifetime = 1.5 * hour;
const noRevAvail = extension('2.5.29.56', false, Buffer.from('0500', 'hex'));

/**
 * Workloads of one SPIFFE trust domain. Their certificates change every hour, and their issuing CA changes twice a day.
 */
export class RotatingCallers {
  readonly clock: ManualClock = new ManualClock(start);
  readonly store: RefreshingTrustStore;
  readonly gate: AccessGate;
  /** How many certificates were issued until now. */
  issued = 0;
  readonly #names: readonly string[];
  readonly #keys: readonly WritingKey[];
  readonly #root: WrittenName = { name: 'Corp root', key: makeWritingKey() };
  readonly #anchor: Buffer;
  #issuing: readonly { readonly name: WrittenName; readonly pem: string }[] = [];
  #headers: readonly string[] = [];
  #revision = 0;

  constructor(count: number) {
    this.#names = Array.from({ length: count }, (_, index) => `workload-${index}`);
    this.#keys = this.#names.map(() => makeWritingKey());
    this.#anchor = this.#writeAuthority(this.#root, this.#root, 3650 * 24 * hour);
    const { wall, monotonic } = this.clock;
    this.store = new RefreshingTrustStore(
      { description: 'document', read: async (request) => this.#read(request) },
      {},
      { wall, monotonic, random: () => 0 },
    );
    this.gate = new AccessGate({ trustStore: this.store });
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** The present header of each caller, as a new string each time. */
  get headers(): readonly string[] {
    return this.#headers.map((header) => Buffer.from(header, 'latin1').toString('latin1'));
  }

  async start(): Promise<void> {
    this.#renewIssuing();
    this.#renewCallers();
    await this.store.start();
  }

  /**
   * Lets time pass. At each full hour, every caller gets a new certificate, and at every twelfth hour from a new CA.
   */
  pass(milliseconds: number): void {
    const hoursBefore = this.#hours;
    this.clock.pass(milliseconds);
    if (this.#hours === hoursBefore) return;
    if (this.#hours % 12 === 0) this.#renewIssuing();
    this.#renewCallers();
  }

  async #read({ lastVersion }: TrustReadRequest): Promise<TrustSourceReading> {
    const version = String(this.#revision);
    if (version === lastVersion) return Promise.resolve({ changed: false });
    return Promise.resolve({ changed: true, bytes: Buffer.from(this.#documentText()), version });
  }

  get #hours(): number {
    return Math.floor((this.clock.wall() - start) / hour);
  }

  async decide(header: string): Promise<Decision> {
    return this.gate.decide(header, { functionName: 'f', roles: [['caller']] }, this.clock.wall());
  }

  /**
   * The document has at most two issuing CAs: the one that issues now, and the one before, whose certificates are still
   * in use.
   */
  #renewIssuing(): void {
    const name = { name: 'Corp issuing CA', key: makeWritingKey() };
    const pem = toPem(this.#writeAuthority(name, this.#root, 24 * hour));
    this.#issuing = [...this.#issuing, { name, pem }].slice(-2);
    this.#revision += 1;
  }

  #renewCallers(): void {
    const issuer = this.#issuing.at(-1)?.name;
    assert.ok(issuer !== undefined);
    const notBefore = this.clock.wall() - 10_000;
    this.#headers = this.#names.map((name, index) => {
      const key = this.#keys[index] ?? makeWritingKey();
      const uri = generalNames.uri(`spiffe://corp.example/${name}`);
      const der = writeCertificate({
        subject: { name: 'SPIRE', key },
        issuer,
        notBefore,
        notAfter: notBefore + lifetime,
        extensions: clientExtensions(issuer.key, extensions.subjectAlternativeName(uri), noRevAvail),
      });
      return der.toString('base64');
    });
    this.issued += this.#headers.length;
  }

  #writeAuthority(subject: WrittenName, issuer: WrittenName, validity: number): Buffer {
    const notBefore = this.clock.wall() - 10_000;
    return writeCertificate({
      subject,
      issuer,
      notBefore,
      notAfter: notBefore + validity,
      extensions: authorityExtensions(subject.key, issuer.key),
    });
  }

  #documentText(): string {
    return JSON.stringify({
      schemaVersion: 1,
      revision: this.#revision,
      authorities: [
        {
          name: 'corp',
          trustAnchors: [toPem(this.#anchor)],
          intermediates: this.#issuing.map(({ pem }) => pem),
          spiffeTrustDomains: ['corp.example'],
          revocation: { mode: 'required', scope: 'end-entity', noRevAvailMaximumLifetimeSeconds: lifetime / 1000 + 1 },
        },
      ],
      identities: this.#names.map((name) => ({
        name,
        roles: ['caller'],
        names: [{ issuedBy: 'corp', uri: `spiffe://corp.example/${name}` }],
      })),
    });
  }
}
