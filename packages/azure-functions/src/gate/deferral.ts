import { type Admission, formatInstant, type FunctionRequirement } from '@certgate/core';
import { warnAtStart } from '../log/start-log.js';
import { clientIdentities, deferrals, type RegisteredFunction } from './shared-state.js';

/**
 * After every admission of a gate: what it let through, so that the role wrappers inside know. It holds for this
 * invocation, this request and this caller, and for the groups of roles that the gate itself knew of; the latest
 * decision counts.
 */
export function noteDeferral(
  context: object,
  request: unknown,
  admission: Admission,
  { roles }: FunctionRequirement,
): void {
  // An own key, as everything that opens something; no copy, since this runs at every admission.
  if (!Object.hasOwn(admission, 'deferred') || admission.deferred === undefined) deferrals.delete(context);
  else deferrals.set(context, Object.freeze({ request, identity: admission.identity, roles }));
}

/**
 * Whether the gate let this call through although the caller has none of these roles. `anyOf` is compared by identity: a
 * wrapper whose mark got lost on the way to the registration is unknown to the gate, and goes on refusing.
 */
export function isRoleDeferred(args: readonly unknown[], anyOf: readonly string[]): boolean {
  const context = args.at(-1);
  if (typeof context !== 'object' || context === null) return false;
  const deferral = deferrals.get(context);
  return (
    deferral !== undefined &&
    deferral.request === args[0] &&
    deferral.identity === clientIdentities.get(context) &&
    deferral.roles.includes(anyOf)
  );
}

/** Says once of each function that it is report-only, or was: a function that is open to more callers must not be quiet. */
export class ReportOnlyNotice {
  readonly #said = new Set<string>();

  give({ name: functionName, policy }: RegisteredFunction): void {
    if (policy.kind === 'anonymous' || policy.reportOnlyUntil === undefined || this.#said.has(functionName)) return;
    this.#said.add(functionName);
    const reportOnlyUntil = formatInstant(policy.reportOnlyUntil);
    const [code, detail] =
      Date.now() < policy.reportOnlyUntil
        ? ([
            'report_only',
            `Until ${reportOnlyUntil}, "${functionName}" lets in every caller that is known, whatever its roles and functions; a decision line with reportOnlyCode says whom it will refuse then.`,
          ] as const)
        : ([
            'report_only_ended',
            `Since ${reportOnlyUntil}, "${functionName}" is closed to callers without its roles. Take reportOnly away.`,
          ] as const);
    warnAtStart(code, detail, { function: functionName, reportOnlyUntil });
  }
}
