/**
 * Reads what the gate in the app's process stores under a registered symbol. The tool only shows it, and plays the
 * front end by it. It must not be trusted further, because any code of the app may have stored it.
 */
import type { GateAnswer, GateQuestion, HostedGate } from './worker/host-protocol.js';

export function findGateMark(): unknown {
  return Reflect.get(globalThis, Symbol.for('certgate/gate/v1'));
}

/** The error of a `secureApp` call, in an app that went on after it. Undefined if there was none. */
export function findGateFault(): string | undefined {
  const mark = findGateMark();
  if (typeof mark !== 'object' || mark === null || !Object.hasOwn(mark, 'fault')) return undefined;
  return String((mark as { readonly fault: unknown }).fault);
}

/** Undefined if the app has no gate. */
export function describeGate(): HostedGate | undefined {
  if (findGateMark() === undefined) return undefined;
  const report = findReport();
  const options = callMark('describe');
  const secretSetting = callMark('findSecretVariable');
  return {
    ...(options === undefined ? {} : { options }),
    ...(typeof secretSetting === 'string' || secretSetting === null ? { secretSetting } : {}),
    ...(report === undefined ? {} : { report }),
  };
}

/** Asks the gate for its decision about a certificate. Undefined if it gives none. */
export async function askHostedGate({ functionName, certificate, now }: GateQuestion): Promise<GateAnswer | undefined> {
  const { decideFor } = Object(findGateMark()) as { readonly decideFor?: unknown };
  if (typeof decideFor !== 'function') return undefined;
  const said: unknown = await Reflect.apply(decideFor, undefined, [functionName, certificate, now]);
  const { outcome, code, detail, frontEndFault } = Object(said) as Readonly<Record<string, unknown>>;
  if ((outcome !== 'allowed' && outcome !== 'denied') || typeof code !== 'string') return undefined;
  const report = findReport();
  return {
    outcome,
    code,
    ...(report === undefined ? {} : { report }),
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof frontEndFault === 'string' ? { frontEndFault } : {}),
  };
}

const lookMilliseconds = 500;

/**
 * Calls `onChange` when the gate of the running app reports something else. The gate itself decides when to read its
 * sources.
 */
export function watchReport(onChange: (report: unknown) => void): void {
  let known = JSON.stringify(findReport());
  setInterval(() => {
    const report = findReport();
    const text = JSON.stringify(report);
    if (text !== known) onChange(report);
    known = text;
  }, lookMilliseconds).unref();
}

/** The gate's report as plain data. Undefined if there is none. Only the tool that started the host knows its form. */
function findReport(): unknown {
  try {
    const text = JSON.stringify(callMark('findTrustReport')) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function callMark(name: string): unknown {
  try {
    const { [name]: method } = Object(findGateMark()) as Readonly<Record<string, unknown>>;
    return typeof method === 'function' ? Reflect.apply(method, undefined, []) : undefined;
  } catch {
    return undefined;
  }
}
