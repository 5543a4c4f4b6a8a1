import type { GeneralName } from '../certificate/general-name.js';
import {
  type NameConstraintState,
  constrainNames,
  findNameFault,
  unconstrainedNames,
} from '../certification-path/name-constraints.js';
import type { NameConstraints } from '../certificate/path-extensions.js';
import type { LeadingDotReading } from '../certification-path/name-location.js';
import { PathBudget } from '../certification-path/path-budget.js';
import type { PathCertificate } from '../certificate/path-certificate.js';

/** Names, constraints, and certificates that contain nothing else, for tests that need thousands of them. */
export const dns = (text: string): GeneralName => ({ form: 'dNSName', text });
export const mail = (text: string): GeneralName => ({ form: 'rfc822Name', text });
export const uri = (text: string): GeneralName => ({ form: 'uniformResourceIdentifier', text });
export const address = (...octets: number[]): GeneralName => ({ form: 'iPAddress', octets: Uint8Array.from(octets) });
export const oid = (objectIdentifier: string): GeneralName => ({ form: 'registeredID', objectIdentifier });
export const directory = (...relativeNames: string[]): GeneralName => ({
  form: 'directoryName',
  name: { relativeNames, key: relativeNames.join('/') },
});
export const unread = (form: 'otherName' | 'x400Address' | 'ediPartyName', ...octets: number[]): GeneralName => ({
  form,
  encoded: Uint8Array.from(octets),
});

const nameless = {
  subject: { relativeNames: [], key: '' },
  subjectName: [],
  subjectText: '',
  subjectAlternativeNames: undefined,
};
export const named = (...subjectAlternativeNames: GeneralName[]): PathCertificate =>
  ({ ...nameless, subjectAlternativeNames }) as unknown as PathCertificate;
export const subjectOf = (type: string, value: string): PathCertificate =>
  ({
    ...nameless,
    subject: { relativeNames: ['x'], key: 'x' },
    subjectName: [[{ type, value }]],
    subjectText: value,
  }) as unknown as PathCertificate;

export const permit = (...permitted: GeneralName[]): NameConstraints => ({ permitted, excluded: [] });
export const exclude = (...excluded: GeneralName[]): NameConstraints => ({ permitted: undefined, excluded });
export const under = (...constraints: NameConstraints[]): NameConstraintState => underRead('refuse', ...constraints);
export const underRead = (leadingDot: LeadingDotReading, ...constraints: NameConstraints[]): NameConstraintState =>
  constraints.reduce(
    (state, nameConstraints) => constrainNames(state, { nameConstraints, subjectText: 'CN=issuer' }, leadingDot),
    unconstrainedNames,
  );
export const isAdmitted = (state: NameConstraintState, certificate: PathCertificate): boolean =>
  findNameFault(state, certificate, new PathBudget()) === undefined;
