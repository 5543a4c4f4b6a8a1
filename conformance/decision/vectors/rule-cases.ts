import { billing, type CaseBook, device, named } from './case-book.js';

const acceptWithoutClientAuth = { since: '2027-01-01T00:00:00Z', until: '2027-01-02T00:00:00Z', reason: 'test' };
const endEntity = { mode: 'required', scope: 'end-entity' } as const;

/** Asks about single rules: what several stores say together, what a grace period excuses, and what needs a path. */
export function askAboutRules(book: CaseBook): void {
  askAboutStores(book);
  askAboutGrace(book);
  askAboutMatches(book);
}

function askAboutStores({ ask, issued, pinned, write, corp, sha256 }: CaseBook): void {
  const both = { roles: ['orders.read', 'orders.write'] };
  const reversed = pinned('roles-reversed', 'own', {}, { roles: both.roles.toReversed() });
  ask('two stores with roles in another order', [pinned('roles-both', 'own', {}, both), reversed], 'own');
  const otherwise = pinned('functions-otherwise', 'own', {}, { functions: ['GETORDER'] });
  ask('two stores with functions in other letter case', ['functions', otherwise], 'own');
  ask('two stores with different functions', ['pin', 'functions'], 'own');
  ask('two stores with different names', ['pin', pinned('other-name', 'own', {}, { name: 'reports' })], 'own');
  ask('a store without a document, and a path', ['names', null], 'billing');
  ask('a store without a document, and a pin of a certificate that has expired', ['expired-pin', null], 'expired');
  ask('a store without a document, and a disabled pin of the twin', ['twin-disabled', null], 'own');
  const revoking = issued('of-caller-again', corp({ revocation: endEntity }), {}, [named]);
  const lists = { corp: ['issuing2Revoking'] };
  ask('a store without a document, and a revoked certificate', [revoking, null], 'billing', { lists });
  const twin = { ...sha256('ownTwin'), issuedBy: 'corp' };
  const twinIssued = write('twin-issued', [{ ...billing, pins: [sha256('own'), twin] }], { authorities: [corp()] });
  ask('a pin of the twin whose authority issued neither', twinIssued, 'own');
  ask('the same, and a store without a document', [twinIssued, null], 'own');
  ask('a denied certificate that nobody knows', 'denying', 'own');
}

function askAboutGrace({ ask, factsOf, pinned, write, field, sha256 }: CaseBook): void {
  const graced = (label: string): string => pinned(`grace-${label}`, label, { acceptWithoutClientAuth });
  const pins = [{ ...sha256('server'), acceptWithoutClientAuth }, { thumbprintSha1: factsOf('server').thumbprintSha1 }];
  ask('a grace period of one of two pins', write('grace-of-one', [{ ...billing, pins }]), 'server');
  const ofTwin = [{ ...sha256('serverEcdsa'), acceptWithoutClientAuth }, sha256('serverEcdsaTwin')];
  ask(
    'a grace period, and a pin of the twin without',
    write('grace-twin', [{ ...billing, pins: ofTwin }]),
    'serverEcdsa',
  );
  ask('a grace period of a certificate for signing code', graced('codeSigner'), 'codeSigner');
  ask('a grace period of a key that may not sign', graced('serverWithoutSignature'), 'serverWithoutSignature');
  ask('a grace period of a certificate for any usage', graced('serverForAnyUsage'), 'serverForAnyUsage');
  const onPath = { ...device, pins: [{ ...sha256('deviceForServers'), acceptWithoutClientAuth }] };
  ask('a grace period, and a name', write('grace-path', [onPath], { authorities: [field()] }), 'deviceForServers');
  ask('an RSA key of 2,047 bits', pinned('rsa2047', 'rsa2047'), 'rsa2047');
  ask('an RSA key of 2,048 bits', pinned('rsa2048', 'rsa2048'), 'rsa2048');
  for (const label of ['own384', 'own521']) {
    ask(`a pin: ${label}`, pinned(label, label), label);
    const denied = { denied: [sha256(`${label}Twin`)] };
    ask(`a certificate whose twin is denied: ${label}`, pinned(`${label}-denied`, label, {}, {}, denied), label);
  }
  ask('the first second of a certificate', 'notYetValid-pin', 'notYetValid', { time: '2027-01-01T00:00:01Z' });
  ask('a millisecond after the last second of a certificate', 'expired-pin', 'expired', {
    time: '2026-12-31T23:59:59.001Z',
  });
}

function askAboutMatches({ ask, issued, write, corp, field, sha256 }: CaseBook): void {
  const devices = write('devices', [device], { authorities: [field()] });
  ask('a critical extension that only a path processes', devices, 'deviceOfPolicies');
  const forged = write('forged-pin', [{ ...device, pins: [sha256('deviceForged')] }], { authorities: [field()] });
  ask('a critical extension that nothing processes, beside a forged name', forged, 'deviceForged');
  const pinAndName = { ...named, pins: [sha256('billing')] };
  const taken = issued('pin-and-name', corp({ revocation: endEntity }), {}, [pinAndName]);
  ask('a pin, and a name whose authority revoked the certificate', taken, 'billing', {
    lists: { corp: ['issuing2Revoking'] },
  });
  const exempting = { mode: 'required', noRevAvailMaximumLifetimeSeconds: 10_801 };
  ask(
    'short-lived, and nothing is known of its CA',
    issued('no-rev-avail-chain', corp({ revocation: exempting })),
    'shortLived',
    {
      lists: { corp: ['issuing1'] },
    },
  );
  const available = issued('when-available-chain', corp({ revocation: { mode: 'when-available' } }));
  ask('nothing is known of any certificate of the path', available, 'billing', { lists: { corp: [] } });
  const ofRoot = { ...endEntity, minimumCrlNumbers: [{ issuer: 'CN=Corp root', number: '5' }] };
  ask(
    'a list of another CA than the lowest number is for',
    issued('minimum-of-root', corp({ revocation: ofRoot })),
    'billing',
    {
      lists: { corp: ['issuing1'] },
    },
  );
  const minimumCrlNumbers = [{ issuer: 'CN=Field issuing CA', number: '2' }];
  const numbered = field({ revocation: { ...endEntity, minimumCrlNumbers } });
  const required = write('field-required', [device], { authorities: [field({ revocation: endEntity })] });
  ask('a list whose issuer is in other letter case', required, 'device', { lists: { field: ['field1Shouting'] } });
  ask('the same with too low a number', write('field-numbered', [device], { authorities: [numbered] }), 'device', {
    lists: { field: ['field1Shouting'] },
  });
  ask('a delta that takes an entry back from hold', required, 'device', {
    lists: { field: ['field1Holding', 'fieldDelta2'] },
  });
  ask('a list without a number', required, 'device', { lists: { field: ['fieldUnnumbered'] } });
  ask('and then one with a number', required, 'device', { lists: { field: ['fieldUnnumbered', 'field1'] } });
}
