import {
  type FrontEndSettings,
  frontEndSetting,
  type GateDescription,
  isolationSetting,
  secretSetting,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import type { HostedGate } from '#local/functions-host/functions-host.js';
import { findGateOptions } from '../../local-app/hosted-gate-options.js';
import { type HostedTrust, readHostedTrust } from '../../local-app/hosted-trust.js';
import { type AgreedStore, agreeOnStore, type LoadedHere } from './agreed-store.js';

/** What decides how an app's gate works. */
export interface InspectedGate {
  /** The options that the code gives, without those of the app settings. */
  readonly options: Omit<GateDescription, 'stores'>;
  /** The stores, as the code configures them. */
  readonly trust: readonly AgreedStore[];
  /** The same options as the app settings of this load give them. */
  readonly settings: Pick<GateDescription, 'frontEnd' | 'frontEndSecret' | 'frontEndIsolation'>;
  /**
   * The first app setting, or other environment variable, that contains a secret given in code. Null if none contains
   * one, and undefined if the code gives no secret in this load.
   */
  readonly secretSetting?: string | null;
  /** Every store that the gate asks. Empty if the app's own store does not describe itself. */
  readonly stores: readonly InspectedStore[];
}

export interface InspectedStore {
  /** The source in the store's words, such as `file trust.json`. A path is shown as the app wrote it. */
  readonly source: string;
  /** The document's revision. Null if the store reports none. `fault` says whether the document could not be read. */
  readonly revision: number | null;
  /** Why the document can't be read. Null if it was read. */
  readonly fault: string | null;
  /**
   * The second place of the document, and whether the document in use was read there. Undefined if there is no second
   * place.
   */
  readonly mirror?: { readonly source: string; readonly isInUse: boolean };
  /** The beginning of the SHA-256 of each accepted signing key. Null if the document need not be signed. */
  readonly signedBy: readonly string[] | null;
}

/**
 * Reads the gate's description from the loaded app.
 *
 * @throws {ToolFailure} if the description has another form. A report without it would show that nothing differs.
 */
export function readInspectedGate(
  gate: HostedGate | undefined,
  { frontEnd, secret, isolation }: FrontEndSettings,
  here: LoadedHere,
): InspectedGate | null {
  if (gate === undefined) return null;
  const description = findGateOptions(gate.options);
  if (description === undefined) {
    throw new ToolFailure("What the app's gate says about its options can't be read.", {
      remedy: 'Use certgate and @certgate/azure-functions of the same version.',
    });
  }
  const { stores, ...options } = description;
  return {
    options,
    trust: stores.map((store) => agreeOnStore(store, here)),
    settings: {
      frontEnd: frontEnd ?? null,
      frontEndSecret: secret !== undefined,
      frontEndIsolation: isolation ?? null,
    },
    ...(gate.secretSetting === undefined ? {} : { secretSetting: gate.secretSetting }),
    stores: listStores(readHostedTrust(gate.report)),
  };
}

function listStores(trust: HostedTrust | undefined): readonly InspectedStore[] {
  if (trust === undefined) return [];
  return (trust.parts ?? [trust]).map(({ source, revision, fault, mirror, signedBy }) => ({
    source,
    revision: revision ?? null,
    fault: fault ?? null,
    ...(mirror && { mirror }),
    signedBy: signedBy ?? null,
  }));
}

/**
 * Warnings that fail the command: options that let anybody claim any certificate, or that make the gate refuse every
 * call.
 */
export function listGateWarnings(gate: InspectedGate | null): readonly string[] {
  if (gate === null) return [];
  const { options, settings } = gate;
  const anywhere = options.unsafeTrustCertificateHeaderFromAnywhere
    ? [
        'unsafeTrustCertificateHeaderFromAnywhere is set: anyone who reaches the app can claim any certificate. Remove it, and name the front end.',
      ]
    : [];
  return [...anywhere, ...listContradictions(options.frontEnd, settings.frontEnd)];
}

function listContradictions(inCode: string | null, inSetting: string | null): readonly string[] {
  if (inCode === null || inSetting === null || inCode === inSetting) return [];
  return [
    `The code names the front end ${inCode}, and the app setting ${frontEndSetting} names ${inSetting}, so the gate refuses every call. Leave out one of the two.`,
  ];
}

/**
 * Lines for a terminal: the front end, its proof and the stores, and what the code says about forwarded certificates if
 * that is not the default.
 */
export function describeInspectedGate(gate: InspectedGate | null): readonly string[] {
  if (gate === null) return ['The app has no gate.'];
  const { options, settings, stores } = gate;
  const elements = options.forwardedElements;
  return [
    'The gate:',
    `  front end: ${describeFrontEnd(options, settings)}`,
    `  proof that requests come through it: ${describeProof(gate)}`,
    ...(elements === null ? [] : [`  elements in X-Forwarded-Client-Cert: ${elements}`]),
    ...(options.acceptForwardedChain
      ? ['  CA certificates that callers send are accepted (acceptForwardedChain)']
      : []),
    ...(stores.length === 0 ? ["  trust: unknown, since the app's own store doesn't say"] : stores.map(describeStore)),
  ];
}

type Settings = InspectedGate['settings'];

function describeFrontEnd(options: InspectedGate['options'], settings: Settings): string {
  const { frontEnd } = options;
  if (options.unsafeTrustCertificateHeaderFromAnywhere) {
    return `any, by the header fields of ${frontEnd ?? settings.frontEnd ?? 'app-service'} (unsafeTrustCertificateHeaderFromAnywhere)`;
  }
  if (frontEnd !== null) return `${frontEnd}, named in code`;
  if (settings.frontEnd !== null) return `${settings.frontEnd}, named by ${frontEndSetting} here`;
  return `named neither in code nor by ${frontEndSetting} here: App Service's on App Service; on other hosts, every call is refused`;
}

function describeProof({ options, settings, secretSetting: given }: InspectedGate): string {
  const { frontEndSecret, frontEndIsolation } = options;
  const proofs = [
    ...(typeof given === 'string' ? [`a secret, which the code reads from ${given}`] : []),
    ...(given === null ? ['a secret, given in code'] : []),
    ...(given === undefined && frontEndSecret ? ['frontEndSecret in code, but it is undefined here'] : []),
    ...(given === undefined && settings.frontEndSecret ? [`a secret, in ${secretSetting} here`] : []),
    ...(frontEndIsolation === null ? [] : [`isolation "${frontEndIsolation}", given in code and not checked`]),
    ...(settings.frontEndIsolation === null || frontEndIsolation !== null
      ? []
      : [`isolation "${settings.frontEndIsolation}", in ${isolationSetting} here and not checked`]),
  ];
  return proofs.length === 0 ? 'none in code, and none in the app settings here' : proofs.join('; ');
}

function describeStore({ source, revision, fault, mirror, signedBy }: InspectedStore): string {
  const place = mirror === undefined ? source : `${source}, with the mirror ${mirror.source}`;
  const signers = signedBy === null ? '' : `, signed by ${signedBy.join(' or ')}`;
  const read = revision === null || (fault !== null && mirror?.isInUse !== true) ? '' : `, revision ${revision}`;
  return `  trust: ${place}${signers}${read}${fault === null ? '' : `, not read: ${fault}`}`;
}
