// The trust documents of the fleet, and the certificates of its callers.
import { hash, makeAuthority, makeCertificate } from './certificates.mjs';
import { apps, at, callers, callerStories, createChance } from './story.mjs';

const corp = makeAuthority({ name: 'Corp CA', begin: '2025-01-01T00:00:00Z', end: '2035-01-01T00:00:00Z' });

/**
 * For each caller: the functions that it calls, and its certificates, each with the time from which the caller uses it.
 */
export const calling = new Map(callers.map((caller, index) => [caller.name, describeCalling(caller, index)]));

function describeCalling({ name, area }, index) {
  const story = callerStories[name] ?? {};
  const own = apps.filter((app) => app.area === area)[index % 3];
  const next = apps[(apps.findIndex((app) => app.area === area) + 3) % apps.length];
  const usual = [own.functions[index % 2], ...(index % 4 === 0 ? [next.functions[0]] : [])];
  const functions = story.function === undefined ? usual : [story.function];
  return { functions, certificates: makeCertificates(name, story, createChance(`certificate of ${name}`)) };
}

function makeCertificates(name, { isByName, isNotRenewed, movesToName, end }, chance) {
  const begun = at(-20 - Math.floor(chance() * 60));
  const ends = end ?? at(70 + Math.floor(chance() * 250));
  const make = (begin, until, more = {}) =>
    makeCertificate({ name, begin: toTime(begin), end: toTime(until), ...more });
  const issued = { issuer: corp, dns: `${name}.corp.example` };
  const renewed = at(5 + Math.floor(chance() * 20), 8);
  if (isByName) {
    const first = { from: 0, ...make(begun, at(35), issued) };
    return isNotRenewed ? [first] : [first, { from: renewed, ...make(renewed, at(120), issued) }];
  }
  const own = { from: 0, ...make(begun, ends) };
  return movesToName === undefined ? [own] : [own, { from: movesToName, ...make(at(13), at(103), issued) }];
}

/**
 * The trust document in revision 41, which was in use before; in 42, which is in use; and in 43, which somebody
 * proposes.
 */
export function createDocuments() {
  const present = callers.map((caller) => describeIdentity(caller));
  const earlier = present
    .filter(({ name }) => name !== 'claims-mobile')
    .map((identity) => (identity.name === 'orders-sync' ? omit(identity, 'names') : identity));
  return {
    earlier: createDocument(41, earlier),
    trust: createDocument(42, present),
    proposed: createDocument(43, present.flatMap(propose)),
  };
}

function describeIdentity({ name, area }) {
  const { isByName, movesToName, oldPin } = callerStories[name] ?? {};
  const { functions, certificates } = calling.get(name);
  const pins = certificates.slice(0, 1).map(({ thumbprintSha256, end }) => ({ thumbprintSha256, notAfter: end }));
  const old = { thumbprintSha256: hash(`the certificate of ${name} before`), notAfter: toTime(at(100)) };
  const names = [{ issuedBy: 'corp', dns: `${name}.corp.example` }];
  return {
    name,
    owner: `${area} team`,
    roles: [`${area}.use`],
    functions,
    ...(isByName ? { names } : { pins: oldPin ? [old, ...pins] : pins, ...(movesToName ? { names } : {}) }),
  };
}

/** Removes a caller and a function that are still used. Also removes a pin and disables a caller that are not. */
function propose(identity) {
  const { name, pins } = identity;
  if (name === 'contracts-archive') return [];
  if (name === 'stock-loader') return [{ ...identity, functions: ['GetStock'] }];
  if (name === 'billing-portal') return [{ ...identity, pins: pins.slice(1) }];
  if (name === 'vehicles-import') return [{ ...identity, enabled: false }];
  return [identity];
}

function createDocument(revision, identities) {
  const authorities = [{ name: 'corp', trustAnchors: [corp.pem], revocation: { mode: 'off' } }];
  return `${JSON.stringify({ schemaVersion: 1, revision, authorities, identities }, null, 2)}\n`;
}

function omit(object, key) {
  return Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));
}

function toTime(instant) {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}
