/**
 * What the gate in the app's process says of itself under a registered symbol. It is shown, and says how to play the front
 * end, and nothing else: any code of the app could have put it there.
 */
import type { GateAnswer, GateQuestion, HostedGate, HostedTrust } from './worker/host-protocol.js';

export function findGateMark(): unknown {
  return Reflect.get(globalThis, Symbol.for('certgate/gate/v1'));
}

/** What `secureApp` failed with, of an app that went on. */
export function findGateFault(): string | undefined {
  const mark = findGateMark();
  if (typeof mark !== 'object' || mark === null || !Object.hasOwn(mark, 'fault')) return undefined;
  return String((mark as { readonly fault: unknown }).fault);
}

/** Undefined where the app has none. */
export function describeGate(): HostedGate | undefined {
  if (findGateMark() === undefined) return undefined;
  const trust = readTrust(callMark('findTrustReport'));
  const options = callMark('describe');
  const secretSetting = callMark('findSecretVariable');
  return {
    ...(options === undefined ? {} : { options }),
    ...(typeof secretSetting === 'string' || secretSetting === null ? { secretSetting } : {}),
    ...(trust === undefined ? {} : { trust }),
  };
}

/** What the gate decides about a certificate. Undefined: no gate, one of an older version, or none that asks here. */
export async function askGate({ functionName, certificate, now }: GateQuestion): Promise<GateAnswer | undefined> {
  const { decideFor } = Object(findGateMark()) as { readonly decideFor?: unknown };
  if (typeof decideFor !== 'function') return undefined;
  const said: unknown = await Reflect.apply(decideFor, undefined, [functionName, certificate, now]);
  const { outcome, code, detail, frontEndFault } = Object(said) as Readonly<Record<string, unknown>>;
  if ((outcome !== 'allowed' && outcome !== 'denied') || typeof code !== 'string') return undefined;
  const trust = readTrust(callMark('findTrustReport')) ?? { source: 'a trust store of its own' };
  return {
    ...{ outcome, code, trust },
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof frontEndFault === 'string' ? { frontEndFault } : {}),
  };
}

const lookMilliseconds = 500;

/** Tells what the gate of a running app reads from, when that has changed. The gate reads by itself, and is looked at here. */
export function watchTrust(onChange: (trust: HostedTrust | undefined) => void): void {
  const look = (): HostedTrust | undefined => readTrust(callMark('findTrustReport'));
  let known = JSON.stringify(look());
  setInterval(() => {
    const trust = look();
    const text = JSON.stringify(trust);
    if (text !== known) onChange(trust);
    known = text;
  }, lookMilliseconds).unref();
}

function callMark(name: string): unknown {
  try {
    const { [name]: method } = Object(findGateMark()) as Readonly<Record<string, unknown>>;
    return typeof method === 'function' ? Reflect.apply(method, undefined, []) : undefined;
  } catch {
    return undefined;
  }
}

function readTrust(value: unknown): HostedTrust | undefined {
  const report = Object(value) as Readonly<Record<string, unknown>>;
  const { description: source, revision, fault, revocationFault, mirror, parts, signedBy } = report;
  if (typeof source !== 'string') return undefined;
  return {
    source,
    ...(typeof revision === 'number' ? { revision } : {}),
    ...(typeof fault === 'string' ? { fault } : {}),
    ...(typeof revocationFault === 'string' ? { revocationFault } : {}),
    ...readMirror(mirror),
    ...(Array.isArray(signedBy) ? { signedBy: signedBy.map(String) } : {}),
    ...(Array.isArray(parts) ? { parts: parts.flatMap((part: unknown) => readTrust(part) ?? []) } : {}),
  };
}

function readMirror(value: unknown): Pick<HostedTrust, 'mirror'> {
  const { description: source, isInUse } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof source === 'string' ? { mirror: { source, isInUse: isInUse === true } } : {};
}
