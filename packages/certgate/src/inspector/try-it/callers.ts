import { createPrivateKey } from 'node:crypto';
import { type FrontEndName, presentCertificate } from '@certgate/core/internal';
import { createAuthority } from '../../certificates/create-authority.js';
import { issueCertificate } from '../../certificates/issue-certificate.js';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { createUnfitCertificate, type CertificateUnfitness } from '../../certificates/unfit-certificate.js';
import { classifyRequest, type RequestToClassify } from '#local/gateway/client-certificate-mode.js';
import { findPlayedFrontEnd } from '#local/gateway/front-ends/played-front-ends.js';
import type { CheckedCaller } from '../../local-app/checks/check-plan.js';
import { judgeCaller } from '../../local-app/app-trust.js';
import { type Caller, readOwnCaller } from '../../local-app/development-callers.js';
import type { DevelopmentCertificate } from '../../local-app/development-certificates.js';
import type { DroppedFile, InspectedCaller } from '../../trust/views/page-views.js';
import { findInspectedSnapshot } from '../app-explanation.js';
import type { RunningApp } from '../inspected-app.js';

/** A caller as which the page can send requests. */
export interface TryCaller extends CheckedCaller {
  readonly label: string;
  /** One sentence about what the caller sends, and what is wrong or right with it. */
  readonly description: string;
  /** The certificate that the caller shows. Undefined if it shows none. */
  readonly certificateDer: Uint8Array | undefined;
  /** The certificate in the header that the caller sets itself. Set only if the front end lets that header through. */
  readonly forgedDer?: Uint8Array;
  /** Where the certificate is: in `.certgate/`, dropped on the page, or made in memory. */
  readonly origin: 'folder' | 'page' | 'memory';
}

export function describeCaller(caller: TryCaller): InspectedCaller {
  const { name, label, description, certificateDer, roles, isTrusted, origin } = caller;
  const presented = certificateDer === undefined ? undefined : presentCertificate(certificateDer);
  return {
    id: name,
    label,
    description,
    roles,
    isTrusted,
    isDropped: origin === 'page',
    subject: presented?.decoding.ok === true ? presented.decoding.certificate.subject : null,
    thumbprintSha256: presented?.thumbprintSha256 ?? null,
  };
}

/**
 * Lists the callers of `certgate dev`, those that were dropped on the page, and further callers that are made in memory,
 * most of them once for each certificate of the first trusted caller (or else of the first caller with a certificate).
 */
export class TryCallers {
  #madeOf: DevelopmentCertificate | undefined;
  #made: readonly TryCaller[] = [];
  #dropped: readonly Caller[] = [];
  #judgedWith: readonly Caller[] | undefined;

  async list({ app, frontEnd, behaviour }: RunningApp): Promise<readonly TryCaller[]> {
    const { callers } = app;
    const dropped = await this.#judgeDropped(app);
    const shown = [
      ...callers.map((caller) => describeFoundCaller(caller, 'folder')),
      ...dropped.map((caller) => describeFoundCaller(caller, 'page')),
    ];
    const withCertificate = callers.filter(({ certificate }) => certificate !== undefined);
    const base = withCertificate.find(({ isTrusted }) => isTrusted) ?? withCertificate[0];
    if (base?.certificate === undefined) return shown;
    if (this.#madeOf !== base.certificate) {
      this.#made = makeCallers(base.name, base.certificate, new Date());
      this.#madeOf = base.certificate;
    }
    const forged = forgeHeader(base, base.certificate, frontEnd, behaviour.worstCase);
    const others = [...this.#made, forged].filter(({ name }) => !shown.some((caller) => caller.name === name));
    return [...shown, ...others];
  }

  /**
   * Adds the caller in files that were dropped on the page. They stay in memory. Resolves to the caller's name, which
   * is that of a listed caller if it has the same certificate.
   *
   * @throws {ToolFailure} if the files have no certificate with its private key, or the password is wrong.
   */
  async add(files: readonly DroppedFile[], running: RunningApp): Promise<string> {
    const listed = await this.list(running);
    const caller = await readDroppedCaller(
      files,
      listed.map(({ name }) => name),
    );
    const der = caller.certificate?.certificate.der ?? new Uint8Array();
    const known = listed.find(
      ({ certificateDer }) => certificateDer !== undefined && Buffer.from(der).equals(certificateDer),
    );
    if (known !== undefined) return known.name;
    this.#dropped = [...this.#dropped, caller];
    this.#judgedWith = undefined;
    return caller.name;
  }

  forget(id: string): void {
    this.#dropped = this.#dropped.filter(({ name }) => name !== id);
  }

  /** Judges the dropped callers again when the app was loaded again, because its trust document may have changed. */
  async #judgeDropped(app: RunningApp['app']): Promise<readonly Caller[]> {
    if (this.#judgedWith !== app.callers && this.#dropped.length > 0) {
      const snapshot = await findInspectedSnapshot(app);
      this.#dropped = this.#dropped.map((caller) => judgeCaller(caller, snapshot, Date.now()).asListed);
      this.#judgedWith = app.callers;
    }
    return this.#dropped;
  }
}

const labels: Readonly<Record<string, string>> = { none: 'No certificate', denied: 'Denied', allowed: 'Allowed' };

function describeFoundCaller(caller: Caller, origin: TryCaller['origin']): TryCaller {
  const { name, roles, certificate, isOwn } = caller;
  return {
    ...caller,
    label: isOwn === true ? name : (labels[name] ?? `Allowed, ${roles.join(', ')}`),
    description: describeTrustIn(caller),
    certificateDer: certificate?.certificate.der,
    origin,
  };
}

function describeTrustIn({ certificate, isTrusted, roles, isOwn }: Caller): string {
  if (certificate === undefined) return 'It sends no certificate.';
  if (!isTrusted && isOwn === true)
    return "The gate does not admit it by this trust document, or the document can't be read here.";
  if (!isTrusted) return 'Its certificate is valid, but the trust document does not list it.';
  return `The trust document lists its certificate, ${roles.length === 0 ? 'without a role' : `with ${roles.join(', ')}`}.`;
}

const unfitCallers: readonly {
  readonly unfitness: CertificateUnfitness;
  readonly label: string;
  readonly fault: string;
}[] = [
  { unfitness: 'expired', label: 'Expired', fault: 'it ended 29 days ago' },
  { unfitness: 'not-yet-valid', label: 'Not yet valid', fault: 'it begins in a year' },
  { unfitness: 'wrong-usage', label: 'Wrong usage', fault: 'it is for servers only (extended key usage serverAuth)' },
  { unfitness: 'ca-as-leaf', label: 'A CA as a leaf', fault: 'it is that of an authority, which must not call' },
];

function makeCallers(name: string, certificate: DevelopmentCertificate, now: Date): readonly TryCaller[] {
  const original = { certificateDer: certificate.certificate.der, privateKeyPem: certificate.privateKeyPem };
  const untrusted = { isTrusted: false, roles: [], origin: 'memory' } as const;
  const unfit = unfitCallers.map(({ unfitness, label, fault }): TryCaller => {
    const made = createUnfitCertificate(original, { unfitness, now });
    return {
      ...untrusted,
      name: unfitness,
      label,
      certificate: made,
      certificateDer: made.certificateDer,
      description: `A certificate over the key of the caller "${name}", but ${fault}.`,
    };
  });
  const lookalike = makeLookalike(name, now);
  return [
    ...unfit,
    {
      ...untrusted,
      name: 'lookalike',
      label: 'Lookalike',
      certificate: lookalike,
      certificateDer: lookalike.certificateDer,
      description: `A certificate of another authority with the name of the caller "${name}", and a key of its own.`,
    },
  ];
}

/** Makes a certificate with the same name, because anybody can set up an authority that signs any name. */
function makeLookalike(commonName: string, now: Date): ReturnType<typeof issueCertificate> {
  const authority = createAuthority({ commonName: 'Another authority', now });
  const privateKey = createPrivateKey(authority.privateKeyPem);
  return issueCertificate({
    issuer: { certificateDer: authority.certificateDer, privateKey, issuers: [] },
    commonName,
    now,
  });
}

/**
 * A caller that sets the header itself. In the worst case of App Service that the gateway can play, the front end lets
 * the header through, so the app takes the caller for the one that it claims to be. Otherwise the app must treat it as
 * a caller without a certificate. Either way, a front end that requires a certificate refuses the request itself.
 */
function forgeHeader(
  base: Caller,
  { certificate }: DevelopmentCertificate,
  frontEnd: FrontEndName,
  worstCase: boolean,
): TryCaller {
  const isTaken = worstCase && frontEnd === 'app-service';
  const fields = findPlayedFrontEnd(frontEnd).writeCertificate({ der: Buffer.from(certificate.der), chain: [] });
  const claimed = isTaken
    ? { isTrusted: base.isTrusted, roles: base.roles, ...(base.functions && { functions: base.functions }) }
    : { isTrusted: false, roles: [] };
  return {
    ...claimed,
    name: 'forged-header',
    label: 'Forged header',
    description: `It sends no certificate, and sets ${fields.map(([name]) => name).join(' and ')} itself, to the certificate of "${base.name}".`,
    certificate: undefined,
    certificateDer: undefined,
    ...(isTaken ? { forgedDer: certificate.der } : {}),
    headers: Object.fromEntries(fields),
    origin: 'memory',
  };
}

/** Reads a caller from a PFX, a PEM file with its key, or two files. Its name is that of the first file. */
function readDroppedCaller(files: readonly DroppedFile[], taken: readonly string[]): Promise<Caller> {
  const contents = files.map(({ base64 }) => Buffer.from(base64, 'base64'));
  // Only text can be joined, so a certificate in DER becomes PEM.
  const texts = contents.map((bytes) => (bytes[0] === 0x30 ? encodePem('CERTIFICATE', bytes) : bytes.toString('utf8')));
  const [only, ...others] = contents;
  const bytes = only !== undefined && others.length === 0 ? only : Buffer.from(texts.join('\n'));
  const base = (files[0]?.name ?? '').replace(/(?:\.(?:crt|cert|key))?\.\w+$|\p{C}/gu, '') || 'file';
  let name = base;
  for (let number = 2; taken.includes(name); number += 1) name = `${base}-${number}`;
  const password = files.find((file) => file.password !== null)?.password;
  const named = { name: files.map((file) => file.name).join(' with ') || 'The file' };
  return readOwnCaller(name, bytes, { ...named, ...(password == null ? {} : { password }) });
}

/**
 * The certificate that the front end passes on. Undefined if it passes on none, for example because it doesn't ask for
 * one. In the worst case, it then passes on the forged certificate.
 */
export function findSeenCertificate(
  request: RequestToClassify,
  { certificateDer, forgedDer }: Pick<TryCaller, 'certificateDer' | 'forgedDer'>,
  { behaviour }: Pick<RunningApp, 'behaviour'>,
): Uint8Array | undefined {
  const { clientCertificateMode: mode, exclusionPaths, worstCase } = behaviour;
  const asked = classifyRequest({ mode, exclusionPaths, worstCase }, request);
  // The front end refuses the request itself, so nothing reaches the app.
  if (asked === 'required' && certificateDer === undefined) return undefined;
  const sent = asked === 'none' ? undefined : certificateDer;
  return sent ?? (worstCase ? forgedDer : undefined);
}
