import { formatInstant } from '@certgate/core/internal';
import { formatToolCall } from '../../faults/tool-call.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { maximumDays } from './certificate-choices.js';

export interface ValidityPeriod {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The clock of a laptop and that of a data centre differ; what is signed must be good the moment it is made. */
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

/** Days asked for, or a usual number of them that may be shortened. */
export type DaysWanted = { readonly days: number } | { readonly atMostDays: number };

/**
 * A period inside that of the issuer: what outlives its authority is refused by some and accepted by others. Days that
 * somebody asked for are never shortened behind their back; they are refused.
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
