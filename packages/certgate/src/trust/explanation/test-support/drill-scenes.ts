import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { firstOf, type FrontEndOptions, resolveFrontEnd, trustStoreFromFile } from '@certgate/core/internal';
import type { Judgement } from './drill-faults.js';
import { type Played, play, playRefresh, playStart, present, readDocument } from './drill-gate.js';
import { add, addCaller, addNamed, begin, change, corp, makeRevocationList, openssl, rewrite } from './drill-stage.js';

// Faults of the app, of its front end, of the certificate itself, and of documents that an app refuses.

export interface Scene extends Judgement {
  readonly certificate?: string;
  /** Where the app's documents are; by default one. */
  readonly stores?: readonly string[];
  readonly play: () => Promise<Played>;
}

const proven: FrontEndOptions = { frontEndIsolation: 'private-network' };
const secret = 's'.repeat(43);
const onAzure = {
  WEBSITE_INSTANCE_ID: 'x',
  WEBSITE_SITE_NAME: 'x',
  WEBSITE_SKU: 'Dynamic',
  FUNCTIONS_WORKER_RUNTIME: 'node',
};

interface Request {
  readonly options?: FrontEndOptions;
  readonly environment?: Readonly<Record<string, string>>;
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** A request as a front end would send it. */
const request =
  ({ options = {}, environment = {}, headers = () => ({}) }: Request) =>
  async (): Promise<Played> => {
    await begin();
    await addCaller();
    const frontEnd = resolveFrontEnd(options, environment);
    const given = headers();
    return play({
      reading:
        frontEnd.outcome === 'denied'
          ? { denial: frontEnd }
          : { extraction: frontEnd.reader.read((name) => given[name]) },
    });
  };
const pem = (): string => readFileSync('caller.crt.pem', 'utf8');
const atNginx = (headers: Request['headers'], options: FrontEndOptions = { frontEnd: 'nginx', ...proven }) =>
  request({ options, ...(headers && { headers }) });
const atAppService = (createHeader: () => string) =>
  request({
    options: { frontEnd: 'app-service' },
    environment: onAzure,
    headers: () => ({ 'x-arr-clientcert': createHeader() }),
  });

const frontEndScenes: Readonly<Record<string, Scene>> = {
  'nothing names the front end': {
    cause: /not known which front end sets the certificate header/,
    advice: /frontEnd.*CERTGATE_FRONT_END/,
    play: request({}),
  },
  'a name that no front end has': {
    cause: /ngnix/,
    advice: /CERTGATE_FRONT_END/,
    play: request({ environment: { CERTGATE_FRONT_END: 'ngnix' } }),
  },
  'the front end is named twice': {
    cause: /code names the front end "nginx", and .*CERTGATE_FRONT_END names "haproxy"/,
    advice: /Remove the variable/,
    play: request({ options: { frontEnd: 'nginx', ...proven }, environment: { CERTGATE_FRONT_END: 'haproxy' } }),
  },
  'a secret that App Service has no use for': {
    cause: /frontEndSecret .*is given, but the front end "app-service" needs neither/,
    advice: /Remove it/,
    play: request({ options: { frontEnd: 'app-service', frontEndSecret: secret }, environment: onAzure }),
  },
  'nothing proves the front end': {
    cause: /Nothing shows that requests come through the front end "nginx"/,
    advice: /CERTGATE_FRONT_END_SECRET/,
    play: request({ options: { frontEnd: 'nginx' } }),
  },
  'the secret went missing': {
    cause: /frontEndSecret is given, but it is undefined/,
    advice: /Set that one or CERTGATE_FRONT_END_SECRET/,
    play: request({ options: { frontEnd: 'nginx', frontEndSecret: undefined } }),
  },
  'the secret was rotated on one side': {
    cause: /did not bring the secret of the front end/,
    advice: /rotated on one side only/,
    play: atNginx(() => ({ 'x-certgate-front-end': 'z'.repeat(43) }), { frontEnd: 'nginx', frontEndSecret: secret }),
  },
  'the caller sends no certificate in the handshake': {
    cause: /No client certificate came with the request/,
    advice: /A TLS library sends none.*if it was not given the certificate with its key/,
    play: atAppService(() => ''),
  },
  'the header of another front end comes': {
    cause: /No client certificate came with the request: \S+ is absent/,
    advice: /is the one that the app names/,
    play: atNginx(() => ({ 'x-arr-clientcert': 'MII=' })),
  },
  'PEM comes where base64 is expected': {
    cause: /header is PEM/,
    advice: /frontEnd/,
    play: atAppService(() => pem().replaceAll('\n', ' ')),
  },
  'the header is cut short': {
    cause: /cut short/,
    advice: /must write the header as the app expects it/,
    play: atAppService(() => 'MIIBAAAA'),
  },
  'the header has two values': {
    cause: /more than one value/,
    advice: /replace what clients send/,
    play: atAppService(() => 'MIIB, MIIB'),
  },
  'the header is too large': {
    cause: /has 20000 characters; 16384 are read/,
    advice: /smaller certificate/,
    play: atAppService(() => 'A'.repeat(20_000)),
  },
  'the front end did not verify the certificate': {
    cause: /The front end says "FAILED/,
    advice: /the CA that issued/,
    play: atNginx(() => ({
      'ssl-client-cert': encodeURIComponent(pem()),
      'ssl-client-verify': 'FAILED:unable to get issuer certificate',
    })),
  },
  'an app setting locks': {
    cause: /CERTGATE_LOCKED is set/,
    advice: /remove the variable/,
    play: async () => {
      process.env['CERTGATE_LOCKED'] = 'true';
      try {
        return await request({ options: { frontEnd: 'app-service' }, environment: onAzure })();
      } finally {
        Reflect.deleteProperty(process.env, 'CERTGATE_LOCKED');
      }
    },
  },
};

const unfit = (certificate: string, cause: RegExp): Scene => ({
  certificate,
  cause,
  play: async () => {
    await begin();
    await add('a1', '--certificate', `${certificate}.crt.pem`, '--even-if-unfit');
    // The owner of the caller gets a certificate that is fit.
    writeFileSync('new.crt.pem', pem());
    const { log } = await play({ reading: present(certificate) });
    return { log, isEnded: async () => (await play({ reading: present('caller') })).isEnded() };
  },
});

const certificateScenes: Readonly<Record<string, Scene>> = {
  'the certificate and its pin have ended': unfit('ended', /certificate itself has expired too, at 2025-01-01/),
  'the certificate has ended, and its pin has no end': {
    ...unfit('ended', /certificate expired at 2025-01-01/),
    play: async () => {
      const scene = unfit('ended', /./);
      await scene.play();
      rewrite(({ identities, ...rest }) => ({
        ...rest,
        identities: identities.map((identity) => ({
          ...identity,
          pins: (identity.pins ?? []).map(({ thumbprintSha256 }) => ({ thumbprintSha256 })),
        })),
      }));
      const { log } = await play({ reading: present('ended') });
      return { log, isEnded: async () => (await play({ reading: present('caller') })).isEnded() };
    },
  },
  'a CA certificate calls': unfit('root', /is a CA certificate/),
  'the certificate is for servers': unfit('server', /client authentication is not among the uses/),
  'the certificate may not sign': unfit('agreeing', /key usage without `digitalSignature`/),
  'the key is too weak': unfit('weak', /key \(RSA 1024\) is too weak/),
  'the key is of an unknown kind': unfit('koblitz', /of a kind that Certgate does not support/),
  'an extension is unknown and critical': unfit(
    'odd',
    /critical extension that Certgate does not understand: 1\.2\.3\.4/,
  ),
};

/** The document that apps have read, in the operator's backup. */
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

/** An app that starts with what `damage` left. */
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
      // From the authority.
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

export const scenes: Readonly<Record<string, Scene>> = {
  ...frontEndScenes,
  ...certificateScenes,
  ...documentScenes,
  ...callerScenes,
};
