import type { Case, CaseBook } from './case-book.js';

/** Asks about the content of lists, and about the order in which they are read. */
export function askAboutLists({ ask, issued, corp, sha256 }: CaseBook): void {
  const required = issued('required', corp({ revocation: { mode: 'required' } }));
  const ofCaller = issued('of-caller', corp({ revocation: { mode: 'required', scope: 'end-entity' } }));
  const available = issued('when-available', corp({ revocation: { mode: 'when-available', scope: 'end-entity' } }));
  const graceful = issued(
    'list-grace',
    corp({ revocation: { mode: 'required', scope: 'end-entity', graceSeconds: 600 } }),
  );
  const exempting = issued(
    'no-rev-avail',
    corp({ revocation: { mode: 'required', scope: 'end-entity', noRevAvailMaximumLifetimeSeconds: 10_801 } }),
  );
  const strict = issued(
    'no-rev-avail-too-long',
    corp({ revocation: { mode: 'required', scope: 'end-entity', noRevAvailMaximumLifetimeSeconds: 10_800 } }),
  );
  const numbered = issued(
    'minimum-number',
    corp({
      revocation: {
        mode: 'required',
        scope: 'end-entity',
        minimumCrlNumbers: [{ issuer: 'CN=Corp issuing CA', number: '2' }],
      },
    }),
  );
  const renewed = issued(
    'renewed-key',
    corp({ revocation: { mode: 'required', scope: 'end-entity' } }, 'root', ['issuing', 'secondKey']),
  );
  const renewedAvailable = issued(
    'renewed-key-when-available',
    corp({ revocation: { mode: 'when-available', scope: 'end-entity' } }, 'root', ['issuing', 'secondKey']),
  );
  const read = (
    name: string,
    document: string,
    lists: readonly string[],
    certificate = 'billing',
    more: Partial<Case> = {},
  ): void => {
    ask(name, document, certificate, { lists: { corp: lists }, ...more });
  };
  read('lists of all CAs', required, ['root', 'issuing1']);
  read('no list of the root', required, ['issuing1']);
  read('no list of the issuing CA', required, ['root']);
  read('a revoked CA', required, ['rootRevokingIssuing', 'issuing1']);
  read('no list, and only the caller is asked about', ofCaller, []);
  read('a list of the issuing CA, and only the caller is asked about', ofCaller, ['issuing1']);
  read('revoked', ofCaller, ['issuing2Revoking']);
  read('the twin of a revoked certificate', ofCaller, ['issuing2Revoking'], 'billingTwin');
  read('revoked by a list that an older one follows', ofCaller, ['issuing2Revoking', 'issuing1']);
  read('revoked by a list that has ended', available, ['issuing2RevokingEnded']);
  read('a forged list', ofCaller, ['forged']);
  read('nothing is known', available, []);
  read('a list that has ended', ofCaller, ['issuing2Ended']);
  read('a list in its grace period', graceful, ['issuing2Ended'], 'billing', { time: '2026-12-31T23:59:59.999Z' });
  read('the end of the grace period', graceful, ['issuing2Ended']);
  read('a list of the future', ofCaller, ['issuing1'], 'billing', { time: '2026-12-31T23:59:59.999Z' });
  read('a list with too low a number', numbered, ['issuing1']);
  read('a list with the lowest number', numbered, ['issuing2Released']);
  read('on hold', ofCaller, ['issuing1Holding']);
  read('released from hold', ofCaller, ['issuing1Holding', 'issuing2Released']);
  read('a delta', ofCaller, ['issuing1', 'delta5Revoking']);
  read('a delta without its base', ofCaller, ['delta5Revoking']);
  read('a delta of a newer base does not displace the one before', ofCaller, ['issuing1', 'delta5Revoking', 'delta7']);
  read('the same, when nothing is required', available, ['issuing1', 'delta5Revoking', 'delta7']);
  read('a list is not current while a delta is of a newer one', ofCaller, ['issuing1', 'delta7']);
  read('a delta, and the newer base', ofCaller, ['issuing6Revoking', 'delta7']);
  read('the list of another key of the CA', renewed, ['root', 'secondKey1']);
  read('the lists of both keys', renewed, ['root', 'issuing1', 'secondKey1']);
  read('a caller of the second key, and its list', renewed, ['secondKey1'], 'billingOfSecondKey');
  read('revoked, and then the list of another key', renewedAvailable, ['issuing2Revoking', 'secondKey1']);
  read('named by the list of another key', renewedAvailable, ['root', 'secondKey2Revoking']);
  read('a newer list that leaves a revoked certificate out', ofCaller, ['issuing2Revoking', 'issuing3']);
  read('the same, and then the older list again', ofCaller, ['issuing2Revoking', 'issuing3', 'issuing2Revoking']);
  read('an entry that takes back, in a complete list', ofCaller, ['issuing2Revoking', 'issuing3Removing']);
  const ofLister = { mode: 'when-available', scope: 'end-entity' };
  const listed = issued('listed', corp({ revocation: ofLister }, 'root', ['issuing', 'lister']));
  const listedRequired = issued(
    'listed-required',
    corp({ revocation: { ...ofLister, mode: 'required' } }, 'root', ['issuing', 'lister']),
  );
  const listedByEnded = issued('listed-by-ended', corp({ revocation: ofLister }, 'root', ['issuing', 'listerEnded']));
  const listedByDenied = issued('listed-by-denied', corp({ revocation: ofLister }, 'root', ['issuing', 'lister']), {
    denied: [sha256('lister')],
  });
  const readListed = (name: string, document: string, lists: readonly string[]): void => {
    read(name, document, lists, 'billingListed');
  };
  readListed('an indirect list', listedRequired, ['root', 'lister1']);
  readListed('an indirect list, for whom another is about', listedRequired, ['root', 'issuing1']);
  readListed('revoked by an indirect list', listed, ['lister2Revoking']);
  readListed('a newer indirect list that leaves out a revoked certificate', listed, ['lister2Revoking', 'lister3']);
  for (const [why, document, lists] of [
    ['has ended', listedByEnded, []],
    ['is denied', listedByDenied, []],
    ['is revoked', listed, ['rootRevokingLister']],
  ] as const) {
    readListed(`revoked by a list whose signer ${why}`, document, [...lists, 'lister2Revoking']);
    readListed(`a newer list whose signer ${why}`, document, [...lists, 'lister2Revoking', 'lister3']);
  }
  readListed('required, and the signer of the list is revoked', listedRequired, ['rootRevokingLister', 'lister1']);
  const unstated = issued('unstated', corp({ revocation: { scope: 'end-entity' } }));
  const off = issued('off', corp({ revocation: { mode: 'off', scope: 'end-entity' } }));
  for (const [what, document] of [
    ['no mode', unstated],
    ['off', off],
  ] as const) {
    const readFormer = (name: string, ...former: readonly string[]): void => {
      ask(`lists under another name than the document's, ${what}: ${name}`, document, 'billing', { lists: { former } });
    };
    readFormer('none is there');
    readFormer('of another CA', 'forged');
    readFormer('good', 'issuing1');
    readFormer('revoked', 'issuing2Revoking');
  }
  read('short-lived, without revocation information', exempting, [], 'shortLived');
  read('short-lived, but for a second', strict, [], 'shortLived');
  read('the same without noRevAvail', exempting, [], 'billing');
}
