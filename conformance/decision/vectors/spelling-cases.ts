import { billing, type CaseBook, device } from './case-book.js';

/** Asks about the spellings of documents, and about which names of a certificate may match. */
export function askAboutSpellings({ ask, pinned, write, field, sha256 }: CaseBook): void {
  const issuedBy = 'field';
  const authorities = [field()];
  const spelled = sha256('own')
    .thumbprintSha256.toLowerCase()
    .replace(/..(?=.)/g, '$&: ');
  ask(
    'a denied thumbprint in other spelling',
    pinned('denied-spelling', 'own', {}, {}, { denied: [{ thumbprintSha256: spelled }] }),
    'own',
  );
  const denying = (name: string, entry: object): string => write(name, [device], { authorities, denied: [entry] });
  ask(
    'a denied serial number in other spelling',
    denying('serial-spelling', { issuedBy: 'FIELD', serialNumber: '00:0a:bc' }),
    'device',
  );
  ask('a denied serial number of a CA', denying('serial-of-ca', { issuedBy, serialNumber: '0b01' }), 'device');
  const serial = { issuedBy, serialNumber: '0ABC' };
  const pinnedToo = { authorities, denied: [serial] };
  ask(
    'a denied serial number of a certificate that no path can read',
    pinned('serial-unread', 'deviceUnread', {}, {}, pinnedToo),
    'deviceUnread',
  );
  ask('the serial number of a root', denying('serial-of-root', { issuedBy, serialNumber: '0B00' }), 'device');

  const named = (name: string, ...names: readonly object[]): string =>
    write(name, [{ ...billing, names: names.map((each) => ({ issuedBy, ...each })) }], { authorities });
  const loud = named('names-loud', { issuedBy: 'FIELD', dns: 'DEVICE.Field.Example' });
  ask('a DNS name and its authority in other letter case', loud, 'device');
  const pinOf = { ...sha256('own384'), issuedBy: 'FIELD' };
  ask(
    'a pin whose authority, in other letter case, did not issue the certificate',
    write('pin-loud', [{ ...billing, pins: [pinOf] }], { authorities }),
    'own384',
  );
  const exact = { uri: 'https://field.example/Device', commonName: 'Device', organizationalUnit: 'Sensors' };
  for (const [kind, value] of Object.entries({ ...exact, email: 'Device@FIELD.example' })) {
    const document = named(`field-${kind}`, { [kind]: value });
    ask(`a name to the letter: ${kind}`, document, 'device');
    if (kind === 'uri') ask('a URI beside a SPIFFE ID', document, 'deviceOfTwoUris');
    if (kind === 'commonName') ask('a common name of two', document, 'deviceOfTwoNames');
  }
  const others = { uri: 'https://field.example/device', commonName: 'device', organizationalUnit: 'sensors' };
  const otherwise = Object.entries({ ...others, email: 'device@field.example' });
  ask(
    'names in other letter case',
    named('names-otherwise', ...otherwise.map(([kind, value]) => ({ [kind]: value }))),
    'device',
  );
  const wildcard = named('field-wildcard', { dns: '*.field.example' });
  ask('a wildcard in the certificate, and a label that no host has', wildcard, 'deviceOfWildcard');
}
