import { formatInstant } from '@certgate/x509/internal';
import type { DenialFacts, NameClaim } from '../denial-facts.js';

/** Facts with a sentence of their own, by path validation, a check of the certificate, or a trust source. */
export interface SaidFacts {
  readonly fault: string;
  readonly chainFault?: string;
  readonly claim?: NameClaim | undefined;
  readonly isIssued?: true;
}

/** Codes whose facts always have one, which is repeated unless there is another. */
type SaidCode = {
  [Code in keyof DenialFacts]: DenialFacts[Code] extends SaidFacts ? Code : never;
}[keyof DenialFacts];

/** How each code's facts read. */
export type Sentences<Code extends keyof DenialFacts> = {
  readonly [Each in Exclude<Code, SaidCode>]: (facts: DenialFacts[Each]) => string;
} & {
  readonly [Each in Extract<Code, SaidCode>]?: (facts: DenialFacts[Each]) => string;
};

/** The sentence, and whose certificate it is or would be by one of its names. Whose it would be, nobody has verified. */
export function repeatSaid({ fault, chainFault, claim, isIssued }: SaidFacts): string {
  const said = chainFault === undefined ? fault : `${fault} ${chainFault}`;
  if (claim === undefined) return said;
  const { identity, name } = claim;
  // A fault may be the end of a list, without a full stop.
  const before = said.endsWith('.') ? said : `${said}.`;
  return isIssued === true
    ? `${before} By its name (${name.type}) it is "${identity}", and the authority "${name.issuedBy}" did issue it.`
    : `${before} By its name (${name.type}) it would be "${identity}", if the authority "${name.issuedBy}" vouched for it.`;
}

/** Beyond what a `Date` can be, a store of the user's own may say a time as well. */
const maximumInstant = 8.64e15;

export function describeInstant(instant: number | undefined): string {
  return instant !== undefined && Math.abs(instant) <= maximumInstant ? formatInstant(instant) : String(instant);
}
