import {
  type FrontEndSettings,
  frontEndSetting,
  type GateDescription,
  isolationSetting,
  secretSetting,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import type { HostedGate, HostedTrust } from '#local/functions-host/functions-host.js';
import { findGateOptions } from '../../local-app/hosted-gate-options.js';
import { type AgreedStore, agreeOnStore, type LoadedHere } from './agreed-store.js';

/** What the gate of an app goes by. */
export interface InspectedGate {
  /** As the code gives them: the same on every machine. */
  readonly options: Omit<GateDescription, 'stores'>;
  /** The stores, as the code configures them. */
  readonly trust: readonly AgreedStore[];
  /** What the app settings of this load say of the same. */
  readonly settings: Pick<GateDescription, 'frontEnd' | 'frontEndSecret' | 'frontEndIsolation'>;
  /** The app setting that has the secret which the code gives; null: no setting has it; absent: the code gives none here. */
  readonly secretSetting?: string | null;
  /** Each store that is asked; empty: the app's own store doesn't say. */
  readonly stores: readonly InspectedStore[];
}

export interface InspectedStore {
  /** In the store's words, e.g. `file trust.json`; of a path as the app wrote it. */
  readonly source: string;
  /** Null: nothing is loaded, or the store has none. */
  readonly revision: number | null;
  /** Why it can't be read. */
  readonly fault: string | null;
  /** The second place of its document, where it has one, and whether the document in use was read there. */
  readonly mirror?: { readonly source: string; readonly isInUse: boolean };
  /** Of each key whose signature counts, the first digits of its SHA-256; null: nothing must be signed. */
  readonly signedBy: readonly string[] | null;
}

/** A mark of another shape is an error: a report that left it out would say that nothing differs. */
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
    stores: listStores(gate.trust),
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

/** Each fails the command: what lets everybody claim any certificate, and what refuses everybody. */
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

/** For a terminal: one line for each thing that is not as usual, and the front end and the stores always. */
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
