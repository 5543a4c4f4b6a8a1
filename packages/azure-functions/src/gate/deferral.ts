import { type Admission, formatInstant, type FunctionRequirement, type Observation, warnAtStart } from '@certgate/core';
import type { CoreCall } from './core-call.js';
import type { GatedFunction } from './gated-functions.js';
import { isKeyRequired } from './registered-functions.js';
import { clientIdentities, deferrals, type RegisteredFunction } from './shared-state.js';

/**
 * Notes after an admission what the gate let through, so that the role wrappers inside know it. If it let nothing
 * through, an older note is removed. The note is for this invocation, this request and this caller, and for the groups
 * of roles that the gate itself knew.
 */
export function noteDeferral(
  context: object,
  request: unknown,
  admission: Admission,
  { roles }: FunctionRequirement,
): void {
  // Only an own member is used, as for everything that opens something. No copy, because this runs at every admission.
  if (!Object.hasOwn(admission, 'deferred') || admission.deferred === undefined) deferrals.delete(context);
  else deferrals.set(context, Object.freeze({ request, identity: admission.identity, roles }));
}

/**
 * Notes the same after a call of an observed function that the gate would refuse. The call has no identity of its own,
 * only that of its invocation, if that was admitted.
 */
export function noteObservedCall(context: object, request: unknown, { roles }: FunctionRequirement): void {
  deferrals.set(context, Object.freeze({ request, identity: clientIdentities.get(context), roles }));
}

/**
 * Whether the gate let this call through although the caller has none of these roles. `anyOf` must be the array that
 * the gate knows, and not an equal one: if the mark of a `requireRole` wrapper was lost before the registration, the
 * gate doesn't know the wrapper, and the wrapper must still refuse.
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

/**
 * The clock by which observation ends. It never goes back: a wall clock that was set back or has stopped must not keep
 * a function open for longer than intended.
 */
export class ObservationClock {
  readonly #wallAtStart = Date.now();
  readonly #monotonicAtStart = performance.now();
  #latest = Number.NEGATIVE_INFINITY;

  /**
   * What the log shows about a call of a function that is observed now. Undefined if it is not, so that the decision
   * applies.
   */
  observe({ observedUntil }: GatedFunction, call?: CoreCall): Observation | undefined {
    if (observedUntil === undefined || !this.isAhead(observedUntil)) return undefined;
    return Object.freeze({ until: observedUntil, functionKey: findKeyName(call) });
  }

  /**
   * Whether the moment is in the future, in milliseconds. False if the moment is not a finite number, or if the clock
   * gives no number.
   */
  isAhead(until: number): boolean {
    const elapsed = performance.now() - this.#monotonicAtStart;
    this.#latest = Math.max(this.#latest, Date.now(), this.#wallAtStart + elapsed);
    return Number.isFinite(until) && this.#latest < until;
  }
}

/** The name of the function key. Only for the log, so a request of another shape must not refuse the call. */
function findKeyName(call: CoreCall | undefined): string | undefined {
  try {
    return call?.findFunctionKeyName();
  } catch {
    return undefined;
  }
}

/**
 * Logs once for each function that it is or was report-only or observed, because a function that is open to more
 * callers must never go unnoticed.
 */
export class OpeningNotice {
  readonly #noted = new Set<string>();
  readonly #clock: ObservationClock;

  constructor(clock: ObservationClock) {
    this.#clock = clock;
  }

  give(registered: RegisteredFunction): void {
    const { name, policy } = registered;
    if (policy.kind === 'anonymous' || this.#noted.has(name)) return;
    const { reportOnlyUntil, observedUntil } = policy;
    if (reportOnlyUntil !== undefined) {
      this.#noted.add(name);
      giveReportOnly(name, reportOnlyUntil);
    }
    if (observedUntil !== undefined && isKeyRequired(registered)) {
      this.#noted.add(name);
      this.#giveObserved(name, observedUntil);
    }
  }

  #giveObserved(name: string, until: number): void {
    const observedUntil = formatInstant(until);
    const [code, detail] = this.#clock.isAhead(until)
      ? ([
          'observed',
          `Until ${observedUntil}, "${name}" is open to everybody whom Azure's key check admits; decision lines with observedUntil say who will be refused then.`,
        ] as const)
      : ([
          'observation_ended',
          `Since ${observedUntil}, "${name}" is closed to callers without an allowed certificate. Remove observe.`,
        ] as const);
    warnAtStart(code, detail, { function: name, observedUntil });
  }
}

function giveReportOnly(name: string, until: number): void {
  const reportOnlyUntil = formatInstant(until);
  const [code, detail] =
    Date.now() < until
      ? ([
          'report_only',
          `Until ${reportOnlyUntil}, "${name}" admits every known caller, whatever its roles and functions; a decision line with reportOnlyCode says whom it will refuse then.`,
        ] as const)
      : ([
          'report_only_ended',
          `Since ${reportOnlyUntil}, "${name}" is closed to callers without its roles. Remove reportOnly.`,
        ] as const);
  warnAtStart(code, detail, { function: name, reportOnlyUntil });
}
