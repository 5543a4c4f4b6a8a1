import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { firstOf, trustStoreFromFile } from '@certgate/core/internal';
import { frontEndScenes, hostScenes } from './app-scenes.js';
import { certificateScenes, pathScenes } from './certificate-scenes.js';
import { type Played, play, playRefresh, playStart, present, readDocument, type Scene } from './drill-gate.js';
import {
  add,
  addCaller,
  addNamed,
  begin,
  change,
  corp,
  inDays,
  makeRevocationList,
  openssl,
  rewrite,
} from './drill-stage.js';

// Faults of documents that an app refuses, of callers, and of revocation lists; and all scenes of the drill.

/** Copies the document that apps have read, as the operator's backup. */
function keep(): void {
  for (const suffix of ['', '.sig']) {
    try {
      writeFileSync(`earlier.json${suffix}`, readFileSync(`trust.json${suffix}`));
    } catch {
      rmSync(`earlier.json${suffix}`, { force: true });
    }
  }
}

const beginWithCaller = async (): Promise<void> => {
  await begin();
  await addCaller();
  keep();
};

const newer = (): void => {
  rewrite((document) => ({ ...document, schemaVersion: 9, quarantine: [] }));
};

/** Plays an app that starts with what `damage` left. */
const starting =
  (damage: () => unknown, createStore = readDocument) =>
  async (): Promise<Played> => {
    await beginWithCaller();
    await damage();
    return playStart({ reading: present('caller'), createStore });
  };

const refreshing =
  (damage: () => unknown, arrange: () => Promise<unknown> = beginWithCaller, signedBy?: string) =>
  async (): Promise<Played> => {
    await arrange();
    const createStore = (): ReturnType<typeof trustStoreFromFile> =>
      trustStoreFromFile('trust.json', {
        refreshIntervalSeconds: 0.01,
        ...(signedBy === undefined ? {} : { signedBy: readFileSync(signedBy, 'utf8') }),
      });
    return playRefresh({ reading: present('caller'), createStore }, damage);
  };

function makeSigningKey(name: string): void {
  openssl('genpkey', '-algorithm', 'ed25519', '-out', `${name}.key.pem`);
  openssl('pkey', '-in', `${name}.key.pem`, '-pubout', '-out', `${name}.public.pem`);
}

const signWith = (name: string): Promise<void> => change('sign', '--signing-key', `${name}.key.pem`);

const beginSigned = async (): Promise<void> => {
  for (const name of ['signing', 'rotated']) makeSigningKey(name);
  await beginWithCaller();
  await signWith('signing');
};

const documentScenes: Readonly<Record<string, Scene>> = {
  'a newer schema is there at the start': {
    cause: /schemaVersion: this runtime reads documents up to version 1, and this one has 9/,
    advice: /update the Certgate packages of the app first/,
    play: starting(newer),
  },
  'a newer schema comes while the app runs': {
    cause: /schemaVersion: this runtime reads documents up to version 1, and this one has 9/,
    advice: /update the Certgate packages of the app first/,
    play: refreshing(newer),
  },
  'the document is not there at the start': {
    cause: /ENOENT/,
    when: /To replace it/,
    play: starting(() => {
      rmSync('trust.json');
    }),
  },
  'the document is cut short at the start': {
    cause: /not JSON/,
    when: /To replace it/,
    play: starting(() => {
      writeFileSync('trust.json', readFileSync('trust.json').subarray(0, 90));
    }),
  },
  'the document goes away while the app runs': {
    cause: /ENOENT/,
    when: /To replace it/,
    play: refreshing(() => {
      rmSync('trust.json');
    }),
  },
  'a thumbprint of 63 digits is there at the start': {
    cause: /thumbprintSha256.*64/,
    when: /To replace it/,
    play: starting(() => {
      writeFileSync('trust.json', readFileSync('trust.json', 'utf8').replace(/("thumbprintSha256": "\w+)\w"/, '$1"'));
    }),
  },
  'the signing key was rotated, and the app has the old public key': {
    cause: /rotated/,
    advice: /the app still has the old public key: add the new public key to signedBy/,
    play: refreshing(() => signWith('rotated'), beginSigned, 'signing.public.pem'),
  },
  'the document was changed past the signing key': {
    cause: /signature .* was not made over these bytes/,
    when: /vouch/,
    play: refreshing(
      () => {
        rewrite((document) => ({ ...document, revision: document.revision + 1 }));
      },
      beginSigned,
      'signing.public.pem',
    ),
  },
  'an old revision was copied back': {
    cause: /has revision 2, lower than 3 which is in use/,
    when: /later document/,
    play: refreshing(
      () => {
        writeFileSync('trust.json', readFileSync('earlier.json'));
      },
      async () => {
        await beginWithCaller();
        await add('a2', '--certificate', 'other.crt.pem');
        writeFileSync('later.json', readFileSync('trust.json'));
      },
    ),
  },
};

const callerScenes: Readonly<Record<string, Scene>> = {
  'an MCP tool is refused by the list of functions': {
    cause: /"a1" may not call Lookup/,
    play: async () => {
      await begin();
      await addCaller('--function', 'Other');
      return play({
        tool: 'lookup',
        requirement: { functionName: 'Lookup', roles: [] },
        reading: present('caller'),
      });
    },
  },
  'an MCP tool requires a role that nobody has': {
    cause: /"a1" lacks the role that Lookup requires: operator/,
    play: async () => {
      await begin();
      await addCaller();
      return play({
        tool: 'lookup',
        requirement: { functionName: 'Lookup', roles: [['operator']] },
        reading: present('caller'),
      });
    },
  },
  'the authority issued a certificate of a name that no identity has': {
    missed: ['remedy'],
    certificate: 'rooted',
    cause: /no identity of the trust document is bound there to any of its names/,
    play: async () => {
      await begin();
      await change(...corp());
      await add('billing', '--issued-by', 'corp', '--dns', 'other.corp.example');
      return play({ reading: present('rooted') });
    },
  },
  'the authority issued a certificate of a name that it is not bound to': {
    certificate: 'rooted',
    cause: /"claimedBy":"path","claimedIdentity":"billing"/,
    play: async () => {
      await begin();
      await change(...corp());
      await change('authority', 'add', 'old', '--trust-anchor', 'successor.crt.pem');
      await add('billing', '--issued-by', 'old', '--dns', 'billing.corp.example');
      return play({ reading: present('rooted') });
    },
  },
  'the CA was rotated, with a new root, a new intermediate and new lists': {
    certificate: 'reissued',
    cause: /"corp" was rotated/,
    missed: ['line'],
    when: /was rotated/,
    play: async () => {
      await begin();
      await addNamed(...corp('issuing.crt.pem'), '--crl', 'file:corp.crl', '--crl', 'file:issuing.crl');
      // The operator gets the new certificates and lists from the authority.
      writeFileSync('new-root.crt.pem', readFileSync('successor.crt.pem'));
      writeFileSync('new-ca.crt.pem', readFileSync('reissuing.crt.pem'));
      makeRevocationList('successor', 'corp-1.crl');
      makeRevocationList('reissuing', 'corp-2.crl');
      return play({ reading: present('reissued') });
    },
  },
  'the certificate was revoked': {
    certificate: 'rooted',
    cause: /revoked/,
    advice: /never admit it in another way/,
    play: async () => {
      await begin();
      makeRevocationList('root', 'revoking.crl', ['-crldays', '30'], 'rooted');
      await addNamed(...corp(), '--crl', 'file:revoking.crl');
      return play({ reading: present('rooted') });
    },
  },
  'noRevAvail, and a lifetime that no value suffices for': {
    certificate: 'everlasting',
    cause: /noRevAvail/,
    advice: /No value of --accept-no-rev-avail .* suffices for this certificate/,
    play: async () => {
      await begin();
      await addNamed(...corp(), '--revocation', 'required', '--accept-no-rev-avail', '3600');
      return play({ reading: present('everlasting') });
    },
  },
  'two stores give an identity different roles': {
    stores: ['file:trust.json', 'file:partners.json'],
    cause: /Two trust stores know the certificate as "a1"/,
    when: /file:trust\.json has it, with the roles reader/,
    play: async () => {
      await begin();
      await addCaller();
      writeFileSync('partners.json', readFileSync('trust.json', 'utf8').replace('"reader"', '"writer"'));
      const createStore = () => firstOf(trustStoreFromFile('trust.json'), trustStoreFromFile('partners.json'));
      return play({ createStore, reading: present('caller') });
    },
  },
};

const warningScenes: Readonly<Record<string, Scene>> = {
  'the certificate is not valid yet': {
    cause: /valid from 2050-01-01/,
    advice: /not valid yet.*clock/,
    play: async () => {
      await begin();
      await add('a1', '--certificate', 'future.crt.pem', '--even-if-unfit');
      return play({ reading: present('future') });
    },
  },
  'the certificate ends soon': {
    cause: /The certificate that "a1" uses ends at/,
    advice: /replace the certificate, let the CA renew its own, or extend notAfter/,
    play: async () => {
      await begin();
      await add('a1', '--certificate', 'fading.crt.pem');
      return play({ reading: present('fading') }, 'expiry');
    },
  },
  'a list ends soon': {
    cause: /The CRL of "CN=root" ends at/,
    advice: /Let the CA publish the next one at its source/,
    play: async () => {
      await begin();
      makeRevocationList('root', 'fading.crl', ['-crl_lastupdate', inDays(-9), '-crl_nextupdate', inDays(1)]);
      await addNamed(...corp(), '--crl', 'file:fading.crl');
      return play({ reading: present('rooted') }, 'revocation');
    },
  },
  'a list cannot be read at the start': {
    certificate: 'rooted',
    cause: /absent\.crl: ENOENT/,
    play: async () => {
      await begin();
      await addNamed(...corp(), '--crl', 'file:absent.crl');
      return playStart({ reading: present('rooted') });
    },
  },
};

export const scenes: Readonly<Record<string, Scene>> = {
  ...frontEndScenes,
  ...certificateScenes,
  ...documentScenes,
  ...callerScenes,
  ...pathScenes,
  ...hostScenes,
  ...warningScenes,
};
