import { findThumbprint, formatInstant, type TrustPin, type TrustSnapshot } from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import { findNearPins } from './near-matches.js';

/** What `certgate trust list --pin --json` prints. Keys are only ever added. */
export interface PinSearch {
  readonly version: 1;
  readonly store: string;
  readonly revision: number;
  readonly digits: string;
  readonly matches: readonly {
    readonly identity: string;
    readonly owner: string | null;
    /** The pin is what was asked for, or begins with it; else it resembles it. */
    readonly isExact: boolean;
    readonly likeness: string;
  }[];
  /** Where the deny list has it; null: it has not. */
  readonly denied: string | null;
}

const fewestDigits = 8;

/** Digits of a thumbprint or of a key's hash, whole or the first ones, as a line of the log has them. */
export function findWhosePin(trust: TrustSnapshot, store: string, text: string): PinSearch {
  const digits = (findThumbprint(text, 'sha256') ?? text.replaceAll(/[\s:]/g, '')).toUpperCase();
  if (!/^[0-9A-F]+$/.test(digits) || digits.length < fewestDigits) {
    throw new ToolFailure(`--pin takes at least ${fewestDigits} hexadecimal digits, not "${text}".`);
  }
  const exact = trust.identities.flatMap((identity) =>
    identity.pins
      .filter(({ value }) => value.startsWith(digits))
      .map((pin) => ({ identity, isExact: true, likeness: `has the pin ${describePin(pin)}` })),
  );
  // A hash of any kind may have been meant.
  const near = findNearPins(trust, { thumbprintSha256: digits, thumbprintSha1: digits, publicKeySha256: digits })
    .filter(({ identity }) => exact.every((each) => each.identity !== identity))
    .map(({ identity, likeness }) => ({
      identity,
      isExact: false,
      likeness: `has a pin that is near: it ${likeness}`,
    }));
  const denied = [...trust.denied.thumbprintsSha256].find(([value]) => value.startsWith(digits));
  return {
    version: 1,
    ...{ store, revision: trust.revision, digits },
    matches: [...exact, ...near].map(({ identity: { name, owner = null }, isExact, likeness }) => ({
      identity: name,
      ...{ owner, isExact, likeness },
    })),
    denied: denied?.[1].path ?? null,
  };
}

function describePin(pin: TrustPin): string {
  return [`${pin.kind} ${pin.value}`, ...(pin.enabled ? [] : ['disabled']), ...listBounds(pin)].join(', ');
}

/** `from X` and `until Y`, as far as it has them. */
export function listBounds({ notBefore, notAfter }: Pick<TrustPin, 'notBefore' | 'notAfter'>): readonly string[] {
  return [
    ...(notBefore === undefined ? [] : [`from ${formatInstant(notBefore)}`]),
    ...(notAfter === undefined ? [] : [`until ${formatInstant(notAfter)}`]),
  ];
}
