import { createPrivateKey } from 'node:crypto';
import { type FrontEndName, presentCertificate } from '@certgate/core/internal';
import { createAuthority } from '../../certificates/create-authority.js';
import { issueCertificate } from '../../certificates/issue-certificate.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { createUnfitCertificate, type CertificateUnfitness } from '../../certificates/unfit-certificate.js';
import { classifyRequest, type RequestToClassify } from '#local/gateway/client-certificate-mode.js';
import { findPlayedFrontEnd } from '#local/gateway/front-ends/played-front-ends.js';
import type { CheckedCaller } from '../../local-app/checks/check-plan.js';
import type { Caller, DevelopmentCallerCertificate } from '../../local-app/development-callers.js';
import type { DroppedFile, InspectedCaller } from '../../trust/views/page-views.js';
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
  /** The development caller to whom the files belong. Undefined if the caller has no files. */
  readonly files: Caller | undefined;
}

export function describeCaller(caller: TryCaller): InspectedCaller {
  const { name, label, description, certificateDer, roles, isTrusted } = caller;
  const presented = certificateDer === undefined ? undefined : presentCertificate(certificateDer);
  return {
    id: name,
    label,
    description,
    roles,
    isTrusted,
    subject: presented?.decoding.ok === true ? presented.decoding.certificate.subject : null,
    thumbprintSha256: presented?.thumbprintSha256 ?? null,
  };
}

/**
 * Lists the callers of `certgate dev`, and further callers that are made in memory, most of them once for each
 * certificate of the first trusted caller (or else of the first caller with a certificate).
 */
export class TryCallers {
  #madeOf: DevelopmentCallerCertificate | undefined;
  #made: readonly TryCaller[] = [];

  list(callers: readonly Caller[], frontEnd: FrontEndName, worstCase: boolean): readonly TryCaller[] {
    const withCertificate = callers.filter(({ certificate }) => certificate !== undefined);
    const base = withCertificate.find(({ isTrusted }) => isTrusted) ?? withCertificate[0];
    if (base?.certificate === undefined) return callers.map(describeDevelopmentCaller);
    if (this.#madeOf !== base.certificate) {
      this.#made = makeCallers(base.name, base.certificate, new Date());
      this.#madeOf = base.certificate;
    }
    const forged = forgeHeader(base, base.certificate, frontEnd, worstCase);
    return [...callers.map(describeDevelopmentCaller), ...this.#made, forged];
  }
}

const labels: Readonly<Record<string, string>> = { none: 'No certificate', denied: 'Denied', allowed: 'Allowed' };

function describeDevelopmentCaller(caller: Caller): TryCaller {
  const { name, roles, certificate } = caller;
  return {
    ...caller,
    label: labels[name] ?? `Allowed, ${roles.join(', ')}`,
    description: describeTrustIn(caller),
    certificateDer: certificate?.certificate.der,
    files: caller,
  };
}

function describeTrustIn({ certificate, isTrusted, roles }: Caller): string {
  if (certificate === undefined) return 'It sends no certificate.';
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

function makeCallers(name: string, certificate: DevelopmentCallerCertificate, now: Date): readonly TryCaller[] {
  const original = { certificateDer: certificate.certificate.der, privateKeyPem: certificate.privateKeyPem };
  const untrusted = { isTrusted: false, roles: [], files: undefined };
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
  { certificate }: DevelopmentCallerCertificate,
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
    files: undefined,
  };
}

/**
 * Reads the caller from a PFX or PEM file that was dropped on the page. It exists in memory only, for this one request.
 *
 * @throws {ToolFailure} if the file can't be opened, or has no private key.
 */
export async function readDroppedCaller({ name, base64, password }: DroppedFile): Promise<TryCaller> {
  const { certificateDer, otherCertificates, privateKeyPem } = await readCertificateFile(
    Buffer.from(base64, 'base64'),
    {
      name: name === '' ? 'The file' : name,
      privateKey: 'required',
      ...(password === null ? {} : { password }),
    },
  );
  const certificatePem = [certificateDer, ...otherCertificates].map((der) => encodePem('CERTIFICATE', der)).join('');
  return {
    name,
    label: name,
    description: 'A file of your own.',
    certificate: { certificatePem, privateKeyPem: privateKeyPem ?? '' },
    certificateDer,
    isTrusted: false,
    roles: [],
    files: undefined,
  };
}

/**
 * The certificate that the front end passes on. Undefined if it does not ask for one; but in the worst case it passes
 * on the forged certificate.
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
