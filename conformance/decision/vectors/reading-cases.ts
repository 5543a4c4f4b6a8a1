import { billing, type Case, type CaseBook, type Reading } from './case-book.js';
import type { Material } from './make-material.js';

const [first, second] = ['2027-01-01T00:00:00Z', '2027-01-01T00:10:00Z'];

/** Asks about documents and lists that were read one after the other, and about the options of a store. */
export function askAboutReadings(book: CaseBook, { signers }: Material): void {
  askAboutOptions(book, signers);
  askAboutStaleness(book);
  askAboutNumbers(book);
}

function askAboutOptions(
  { ask, pinned, sha256, write }: CaseBook,
  { ed25519 = '', p256 = '' }: Material['signers'],
): void {
  const forOrders = pinned('for-orders', 'own', {}, {}, { audience: ['Billing', 'Orders'] });
  ask('a document for the app', forOrders, 'own', { store: { audience: 'orders' } });
  ask('a document for other apps', forOrders, 'own', { store: { audience: 'reports' } });
  ask('a document for other apps, and an app without a name', forOrders, 'own', { store: {} });
  ask('a document for every app', 'pin', 'own', { store: { audience: 'orders' } });
  ask('the lowest revision', 'pin', 'own', { store: { minimumRevision: 1 } });
  ask('below the lowest revision', 'pin', 'own', { store: { minimumRevision: 2 } });
  const signedBy = [ed25519];
  for (const [name, document, keys] of [
    ['a signed document', 'first', signedBy],
    ['a document with two signatures', 'firstOfTwo', signedBy],
    ['signed by the second key of two', 'firstByP256', [ed25519, p256]],
    ['signed by another key', 'firstByP256', signedBy],
    ['with the signature of another document', 'secondWithFirstSignature', signedBy],
    ['not signed', write('unsigned', [{ ...billing, pins: [sha256('own384')] }]), signedBy],
  ] as const)
    ask(name, document, 'own384', { store: { signedBy: keys } });
  const after = (name: string, document: string, ...before: readonly string[]): void => {
    const earlier = before.map((each, index) => ({ time: minutesAfter(first, index), documents: [each] }));
    ask(name, document, 'own384', { store: { signedBy }, earlier, time: second });
  };
  after('another signed document of the same revision', 'firstChanged', 'first');
  after('a signed document of a higher revision', 'second', 'first');
  after('a signed document of a lower revision', 'first', 'second');
}

function minutesAfter(time: string, minutes: number): string {
  return new Date(Date.parse(time) + minutes * 60_000).toISOString();
}

function askAboutStaleness({ ask, pinned, write }: CaseBook): void {
  const raised = pinned('raised', 'own', {}, {}, { revision: 2 });
  const other = write('same-revision', []);
  const invalid = pinned('newer-schema', 'own', {}, {}, { schemaVersion: 999, revision: 3 });
  const then = (name: string, time: string, document: string | null, ...before: readonly (string | null)[]): void => {
    const earlier = before.map((each, index): Reading => ({ time: minutesAfter(first, index), documents: [each] }));
    ask(name, [document], 'own', { earlier, time });
  };
  then('a document of the same revision', second, other, 'pin');
  then('a document of a lower revision', second, 'pin', raised);
  then('a document that is not valid', second, invalid, 'pin');
  then('no document for a day', '2027-01-02T00:00:00Z', null, 'pin');
  then('no document for more than a day', '2027-01-02T00:00:00.001Z', null, 'pin');
  for (const [what, before] of [
    ['a lower revision', [raised, 'pin']],
    ['one that is not valid', ['pin', invalid]],
  ] as const) {
    then(`an hour after ${what}`, '2027-01-01T01:00:00Z', null, ...before);
    then(`more than an hour after ${what}`, '2027-01-01T01:00:00.001Z', null, ...before);
  }
  then('a day after a good one that came after a refused one', '2027-01-02T00:02:00Z', null, 'pin', invalid, raised);
}

/** Asks about minimum CRL numbers, which must be compared when a list is read and again when it is used. */
function askAboutNumbers({ ask, issued, corp }: CaseBook): void {
  const revocation = { mode: 'required', scope: 'end-entity' };
  const plain = issued('numbers-plain', corp({ revocation }));
  const minimumCrlNumbers = [{ issuer: 'CN=Corp issuing CA', number: '2' }];
  const numbered = issued('numbers-from-2', corp({ revocation: { ...revocation, minimumCrlNumbers } }));
  const renamed = issued('numbers-of-other', corp({ revocation }, 'root', ['secondKey']));
  const then = (name: string, document: string, ...earlier: readonly Partial<Case>[]): void => {
    const readings = earlier.map(({ documents = [plain], lists = {} }, index) => ({
      time: minutesAfter(first, index),
      documents,
      lists,
    }));
    ask(name, document, 'billing', { earlier: readings, lists: { corp: [] }, time: second });
  };
  const list1 = { corp: ['issuing1'] };
  then('a list that can no longer be read', plain, { lists: list1 });
  then('a list below the lowest number since then', numbered, { lists: list1 });
  then('a list below the lowest number of that time', plain, { documents: [numbered], lists: list1 });
  then('revoked by a list that can no longer be read', plain, { lists: { corp: ['issuing2Revoking'] } });
  then(
    'a CA that the document left out for a while',
    plain,
    { lists: list1 },
    { documents: [renamed], lists: { corp: [] } },
  );
}
