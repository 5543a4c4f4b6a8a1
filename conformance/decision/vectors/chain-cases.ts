import { type CaseBook, device } from './case-book.js';

/** Asks about CA certificates that came with the caller's, in an app that accepts them. */
export function askAboutChains({ ask, write, field, sha256 }: CaseBook): void {
  const document = (name: string, more: object = {}, revocation?: object): string =>
    write(name, [device], { authorities: [field(revocation && { revocation })], ...more });
  const plain = document('forwarded');
  const chain = ['fieldSub'];
  const many = ['fieldRoot', 'fieldIssuing', 'root', 'issuing', 'secondKey', 'lister', 'otherRoot'];
  ask('a CA that the document lacks', plain, 'below');
  ask('the same, and it came with the caller', plain, 'below', { chain });
  ask('eight that came, and the caller itself', plain, 'below', { chain: [...chain, ...many, 'below'] });
  ask('more than eight that came', plain, 'below', { chain: [...chain, ...many, 'listerEnded'] });
  ask('a whole chain that came, to a root that the document lacks', 'names', 'below', {
    chain: [...chain, 'fieldIssuing', 'fieldRoot'],
  });
  const denied = document('forwarded-denied', { denied: [sha256('fieldSub')] });
  ask('a denied CA that came', denied, 'below', { chain });
  ask('its twin', denied, 'below', { chain: ['fieldSubTwin'] });
  const bySerial = document('forwarded-serial', { denied: [{ issuedBy: 'field', serialNumber: '0B03' }] });
  ask('a CA that came, denied by its serial number', bySerial, 'below', { chain });
  ask('a CA that came does not replace one that is denied', 'ca-denied', 'billing', { chain: ['issuingRenewed'] });
  const exempting = { mode: 'when-available', scope: 'end-entity', noRevAvailMaximumLifetimeSeconds: 10_801 };
  const available = document('forwarded-when-available', {}, exempting);
  ask('when available, below a CA of the document', available, 'device');
  ask('when available, below a CA that came', available, 'below', { chain });
  ask('short-lived, below a CA that came', available, 'belowShortLived', { chain });
}
