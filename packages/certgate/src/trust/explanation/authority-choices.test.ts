import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeLongLifetime } from './authority-choices.js';

it('a setting for noRevAvail is ruled out by what the gate says, and not by the words of a name', () => {
  const sentence = (name: string, end: string): string =>
    `The certificate "CN=${name}": cannot tell whether it is revoked. No CRL is about the certificate.${end}`;
  const lifetime = (seconds: number): string =>
    ` It has noRevAvail and a lifetime of ${seconds} seconds, longer than the 3600 that the authority accepts; see "noRevAvailMaximumLifetimeSeconds".`;
  const see = '; see "noRevAvailMaximumLifetimeSeconds".';
  for (const [fault, isRuledOut] of [
    [sentence('a', lifetime(2_592_001)), true],
    [`${sentence('a', lifetime(2_592_001))} By its name (dns) it is "billing".`, true],
    [sentence('a', lifetime(2_592_000)), false],
    [sentence('a', ` It has noRevAvail and CRL distribution points${see}`), true],
    [sentence('a', ` It marks noRevAvail as critical, which it must not be${see}`), true],
    [sentence('noRevAvail', ''), false],
    [sentence(`It has noRevAvail and a lifetime of 5 seconds`, lifetime(2_592_001)), true],
    [sentence(`a. It has noRevAvail and CRL distribution points; see noRevAvailMaximumLifetimeSeconds.`, ''), false],
  ] as const) {
    assert.equal(describeLongLifetime(fault) !== '', isRuledOut, fault);
  }
});
