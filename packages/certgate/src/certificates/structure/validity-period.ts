import { formatInstant } from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { maximumDays } from './certificate-choices.js';

export interface ValidityPeriod {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * How far certificates and revocation lists are dated back. The clock of the verifier may be behind this machine's, and
 * what is signed must be valid at once.
 */
export const backdatedMilliseconds: number = 5 * 60_000;
const dayMilliseconds = 86_400_000;

export function createValidityPeriod(days: number, now: Date): ValidityPeriod {
  if (!Number.isInteger(days) || days < 1 || days > maximumDays) {
    throw new ToolFailure(`A certificate can be valid for 1 to ${maximumDays} whole days, not ${days}.`);
  }
  return {
    notBefore: new Date(now.getTime() - backdatedMilliseconds),
    notAfter: addDays(now, days),
  };
}

/** `days` is the number that the user asked for. `atMostDays` is a default, which may be shortened. */
export type DaysWanted = { readonly days: number } | { readonly atMostDays: number };

/**
 * Makes a period inside that of the issuer, because some verifiers refuse a certificate that outlives its authority,
 * and others accept it.
 *
 * @throws {ToolFailure} if the issuer has ended, or if the days that the user asked for don't fit into its period.
 */
export function createPeriodWithin(
  issuer: ValidityPeriod & { readonly name: string },
  wanted: DaysWanted,
  now: Date,
): ValidityPeriod {
  const period = createValidityPeriod('days' in wanted ? wanted.days : wanted.atMostDays, now);
  const notBefore = new Date(Math.max(period.notBefore.getTime(), issuer.notBefore.getTime()));
  const end = formatInstant(issuer.notAfter.getTime());
  if (now >= issuer.notAfter) {
    throw new ToolFailure(`The authority ${issuer.name} ended on ${end}. It can no longer issue anything.`, {
      remedy: `Let the apps trust a new authority too until the last caller has switched. To create it: ${formatToolCall(['authority', 'create', 'NAME'])}`,
    });
  }
  if (period.notAfter <= issuer.notAfter) return { notBefore, notAfter: period.notAfter };
  if ('atMostDays' in wanted) return { notBefore, notAfter: issuer.notAfter };
  const left = Math.floor((issuer.notAfter.getTime() - now.getTime()) / dayMilliseconds);
  throw new ToolFailure(
    `The authority ${issuer.name} ends before ${wanted.days} days are over, on ${end}. Nothing was issued.`,
    {
      remedy:
        left < 1
          ? `It ends within a day. Create a new authority: ${formatToolCall(['authority', 'create', 'NAME'])}`
          : `Pass --days ${left} or fewer, or create a new authority.`,
    },
  );
}

export function addDays(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * dayMilliseconds);
}
