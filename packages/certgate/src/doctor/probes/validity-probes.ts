import { X509Certificate } from 'node:crypto';
import type { Examination } from '../examination.js';
import type { Judgement } from '../verdict.js';
import { describeEnd } from './baseline-probes.js';

export function judgeAllowedExpiry({ options }: Examination): Judgement {
  const { validFrom, validTo } = new X509Certificate(options.allowed.der);
  const now = Date.now();
  if (Date.parse(validFrom) > now) return { verdict: 'fails', note: 'It is not valid yet.' };
  const notAfter = Date.parse(validTo);
  if (Number.isNaN(notAfter)) return { verdict: 'cannot-tell', note: 'Its dates cannot be read.' };
  return { verdict: notAfter < now ? 'fails' : 'holds', note: describeEnd(notAfter) };
}

/** Certgate assumes that clocks are right to within minutes. */
const maximumSkewMilliseconds = 5 * 60_000;

export function judgeClock({ sender }: Examination): Judgement {
  const offset = sender.clockOffset;
  if (offset === undefined) return { verdict: 'cannot-tell', note: 'No answer had a Date field.' };
  const seconds = Math.round(Math.abs(offset) / 1000);
  const side = offset < 0 ? 'behind' : 'ahead';
  const note = seconds <= 2 ? 'They agree.' : `The server's is ${seconds} s ${side}.`;
  return { verdict: Math.abs(offset) > maximumSkewMilliseconds ? 'fails' : 'holds', note };
}
