import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TrustDocument } from '@certgate/core/internal';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { runInProcess } from '../../commands/trust/test-support/run-in-process.js';
import { denialRemedies, type ReportedRemedy } from './denial-remedies.js';
import type { LineReport } from './explain-line.js';
import type { ExplanationReport } from './explanation-report.js';
import { writeLine } from './test-support/write-line.js';

// The drill: a caller is denied by what the document says; the commands that `explain` prints, run as they stand, let the
// next call pass. Every choice is followed, each from the same fault.

const store = 'file:trust.json';
const past = '2021-01-01T00:00:00Z';
const future = '2099-01-01T00:00:00Z';

/** As openssl takes it. */
const inDays = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');

let folder: string;
let home: string;
let keySha256: string;

function read(name: string): X509Certificate {
  return new X509Certificate(readFileSync(`${name}.crt.pem`));
}

const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

before(() => {
  home = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'certgate drill '));
  process.chdir(folder);
  const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  makeCertificate('caller', ['basicConstraints=critical,CA:FALSE']);
  makeCertificate('ended', ['basicConstraints=critical,CA:FALSE'], { end: '20250101000000Z' });
  makeCertificate('other', ['basicConstraints=critical,CA:FALSE']);
  for (const root of ['root', 'imitator']) makeCertificate(root, ca, { commonName: 'root' });
  makeCertificate('issuing', ca, { issuer: 'root' });
  // The same CA with the same key, in a certificate that is over.
  makeCertificate('issuing-old', ca, {
    issuer: 'root',
    commonName: 'issuing',
    key: 'issuing',
    end: '20250101000000Z',
  });
  const client = [
    'basicConstraints=critical,CA:FALSE',
    'extendedKeyUsage=clientAuth',
    'subjectAltName=DNS:billing.corp.example',
  ];
  makeCertificate('issued', client, { issuer: 'issuing' });
  makeCertificate('rooted', client, { issuer: 'root' });
  makeCertificate('unlisted', [...client, '2.5.29.56=DER:0500'], {
    issuer: 'root',
    begin: inDays(-1),
    end: inDays(10),
  });
  makeCertificate('successor', ca);
  // As `openssl req -x509` makes one, without keyUsage; and the same CA made well.
  makeCertificate('careless', ['basicConstraints=critical,CA:TRUE']);
  makeCertificate('careful', ca, { commonName: 'careless', key: 'careless' });
  makeCertificate('of-careless', client, { issuer: 'careless' });
  makeCertificate('of-successor', client, { issuer: 'successor' });
  makeCertificate('narrow', [...ca, 'nameConstraints=critical,permitted;DNS:other.example']);
  makeCertificate('excluded', client, { issuer: 'narrow' });
  makeCertificate('dot', [...ca, 'nameConstraints=critical,permitted;DNS:.corp.example']);
  makeCertificate('dotted', client, { issuer: 'dot' });
  const key = read('caller').publicKey.export({ type: 'spki', format: 'der' });
  keySha256 = createHash('sha256').update(key).digest('hex');
  makeRevocationList('root', 'corp.crl');
  makeRevocationList('issuing', 'issuing.crl');
  makeRevocationList('root', 'ended.crl', ['-crl_lastupdate', inDays(-9), '-crl_nextupdate', inDays(-2)]);
});

after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

interface CertificateRequest {
  readonly commonName?: string;
  readonly issuer?: string;
  /** Whose key it is of; its own by default. */
  readonly key?: string;
  readonly begin?: string;
  readonly end?: string;
}

function makeCertificate(name: string, extensions: readonly string[], request: CertificateRequest = {}): void {
  const { commonName = name, issuer, key = name, begin = '20200101000000Z', end = '20600101000000Z' } = request;
  writeDatedCertificate(`${name}.crt.pem`, {
    ...{ keyPath: `${key}.key.pem`, name: [`CN = ${commonName}`], extensions, notBefore: begin, notAfter: end },
    ...(issuer === undefined ? {} : { issuer: { pemPath: `${issuer}.crt.pem`, keyPath: `${issuer}.key.pem` } }),
  });
}

function makeRevocationList(authority: string, file: string, times: readonly string[] = ['-crldays', '30']): void {
  writeFileSync('index.txt', '');
  writeFileSync('crlnumber', '01\n');
  writeFileSync(
    'ca.cnf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n[e]\nauthorityKeyIdentifier=keyid\n',
  );
  openssl(
    ...['ca', '-gencrl', '-config', 'ca.cnf', '-crlexts', 'e', ...times, '-out', file],
    ...['-cert', `${authority}.crt.pem`, '-keyfile', `${authority}.key.pem`],
  );
}

/** A verb that changes the document. */
async function change(...words: readonly string[]): Promise<void> {
  const { exitCode } = await runInProcess(['trust', ...words, '--reason', 'drill', '--store', store]);
  assert.equal(exitCode, 0, words.join(' '));
}

const corp = (...files: readonly string[]): readonly string[] => [
  ...['authority', 'add', 'corp', '--trust-anchor', 'root.crt.pem'],
  ...files.flatMap((file) => ['--intermediate', file]),
];

/** A document without entries. */
async function begin(): Promise<void> {
  rmSync('trust.json', { force: true });
  await change('init');
}

/** What no verb would write of an identity. */
function edit(change: (identity: TrustDocument['identities'][number]) => object): void {
  const document = JSON.parse(readFileSync('trust.json', 'utf8')) as TrustDocument;
  writeFileSync('trust.json', JSON.stringify({ ...document, identities: document.identities.map(change) }));
}

async function explain(certificate: string, ...more: readonly string[]): Promise<ExplanationReport> {
  const words = ['--certificate', `${certificate}.crt.pem`, '--function', 'GetOrder', '--requires-role', 'reader'];
  const { exitCode, stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words, '--json', ...more]);
  const report = JSON.parse(stdout) as ExplanationReport;
  assert.equal(exitCode, report.outcome === 'denied' ? 1 : 3);
  return report;
}

/** What a real gate writes about the call. */
function writeCallLine(certificate: string): Promise<string> {
  const leaf = readFileSync(`${certificate}.crt.pem`, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const extraction = { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined } as const;
  return writeLine('trust.json', { functionName: 'GetOrder', roles: [['reader']] }, { extraction });
}

/** From the line alone, with text before it as hosts put there; the role is the function owner's to say. */
async function explainLine(line: string): Promise<LineReport> {
  writeFileSync('app.log', `[2027-01-01T00:00:00Z] Executing 'Functions.GetOrder'\n[x] warn: ${line}\n`);
  const words = ['trust', 'explain', '--store', store, '--log', 'app.log', '--function', 'GetOrder', '--json'];
  const { exitCode, stdout } = await runInProcess([...words, '--requires-role', 'reader']);
  assert.equal(exitCode, 1);
  const [report] = (JSON.parse(stdout) as { readonly lines: readonly LineReport[] }).lines;
  assert.ok(report !== undefined);
  return report;
}

/** The words that a shell makes of a line. */
function splitByShell(command: string): readonly string[] {
  const printed = execFileSync('sh', ['-c', `set -- ${command}\nprintf '%s\\0' "$@"`]).toString();
  return printed.split('\0').slice(0, -1);
}

/** What only the owner of the caller can say is filled in. */
async function runPrinted(command: string, certificate: string): Promise<void> {
  const said = command.replace('THUMBPRINT-FROM-THE-OWNER', hash(certificate));
  const [npx, option, tool, ...words] = splitByShell(said);
  assert.deepEqual([npx, option, tool], ['npx', '--no-install', 'certgate']);
  const { exitCode } = await runInProcess(words);
  assert.equal(exitCode, 0, command);
}

interface Fault {
  readonly certificate?: string;
  readonly make: () => Promise<unknown>;
  /** Default 1. */
  readonly choices?: number;
  /** Which of them fit what is the case here; default: all. */
  readonly fitting?: readonly number[];
  /** Which of the files is the one that has to be got first. */
  readonly authorityFile?: string;
}

const add = (name: string, ...words: readonly string[]): Promise<void> =>
  change('add', name, '--role', 'reader', ...words);
/** An authority, whose certificates with this name are the caller's. */
const addNamed = async (...authority: readonly string[]): Promise<void> => {
  await change(...authority);
  await add('billing', '--issued-by', 'corp', '--dns', 'billing.corp.example');
};
const addCaller = (...words: readonly string[]): Promise<void> =>
  add('a1', '--certificate', 'caller.crt.pem', ...words);
/** Two neighbours swapped, that are not the same. */
const slip = (text: string): string => text.replace(/^(.{20,}?)(.)(?!\2)(.)/, '$1$3$2');
const hash = (name: string): string => read(name).fingerprint256.replaceAll(':', '');

/** By the code, and what is the case. */
const faults: Readonly<Record<string, Fault>> = {
  identity_disabled: { make: () => addCaller().then(() => change('disable', 'a1')) },
  identity_expired: { make: () => addCaller('--expires-at', past) },
  pin_disabled: { make: () => addCaller().then(() => change('disable', 'a1', '--pin', hash('caller'))) },
  pin_expired: { make: () => addCaller('--not-after', past) },
  'pin_expired: beside a good one': {
    make: async () => {
      await addCaller();
      edit((identity) => ({
        ...identity,
        pins: [{ publicKeySha256: keySha256, notAfter: past }, ...(identity.pins ?? [])],
      }));
    },
  },
  'pin_expired: of a key': {
    make: () => add('a1', '--public-key-sha256', keySha256, '--not-after', past),
  },
  // As in several documents: of two reasons, the one that stands first in the table of denials.
  'pin_not_yet_valid: with another that is over': {
    make: async () => {
      await addCaller('--not-after', past);
      edit((identity) => ({
        ...identity,
        pins: [
          ...(identity.pins ?? []),
          { publicKeySha256: keySha256, notBefore: future, notAfter: '2100-01-01T00:00:00Z' },
        ],
      }));
    },
  },
  pin_not_yet_valid: { make: () => addCaller('--not-before', future, '--not-after', '2100-01-01T00:00:00Z') },
  function_not_allowed: { make: () => addCaller('--function', 'Other') },
  'role_missing: of an identity whose name a shell would take apart': {
    make: () => change('add', `o'reilly & "sons" $HOME`, '--certificate', 'caller.crt.pem', '--role', 'writer'),
  },
  'role_missing: of a name like an option': {
    make: async () => {
      await addCaller();
      edit((identity) => ({ ...identity, name: '-a1', roles: [] }));
    },
  },
  certificate_not_trusted: { make: () => add('other', '--certificate', 'other.crt.pem') },
  'certificate_not_trusted: two digits swapped': {
    make: () => add('a1', '--thumbprint-sha256', slip(hash('caller'))),
  },
  'certificate_not_trusted: the hash of the key in the place of the certificate': {
    make: () => add('a1', '--thumbprint-sha256', keySha256),
  },
  'certificate_not_trusted: a new certificate of a known name': {
    make: () => add('Caller', '--certificate', 'other.crt.pem'),
  },
  'certificate_not_trusted: of an authority that does not vouch for anybody of that name': {
    certificate: 'rooted',
    make: () => change(...corp()),
  },
  'certificate_not_trusted: an intermediate is missing': {
    certificate: 'issued',
    choices: 2,
    authorityFile: 'issuing.crt.pem',
    make: () => addNamed(...corp()),
  },
  trust_locked: { make: () => addCaller().then(() => change('lock')) },
  certificate_on_deny_list: { make: () => addCaller().then(() => change('deny', 'caller.crt.pem')) },
  'certificate_on_deny_list: by serial number': {
    certificate: 'rooted',
    make: () =>
      addNamed(...corp()).then(() => change('deny', '--issued-by', 'corp', '--serial', read('rooted').serialNumber)),
  },
  'certificate_on_deny_list: the CA above it': {
    certificate: 'issued',
    make: () => addNamed(...corp('issuing.crt.pem')).then(() => change('deny', 'issuing.crt.pem')),
  },
  identity_ambiguous: {
    choices: 2,
    make: async () => {
      await addCaller();
      await add('a2', '--public-key-sha256', keySha256, '--not-after', future);
    },
  },
  'identity_ambiguous: by a pin and a name': {
    certificate: 'rooted',
    choices: 2,
    make: async () => {
      await change(...corp());
      await add('billing', '--issued-by', 'corp', '--dns', '*.corp.example');
      await add('a2', '--certificate', 'rooted.crt.pem');
    },
  },
  'path_not_found: of a pin whose authority lacks an intermediate': {
    certificate: 'issued',
    choices: 3,
    authorityFile: 'issuing.crt.pem',
    make: () => change(...corp()).then(() => add('a1', '--certificate', 'issued.crt.pem', '--issued-by', 'corp')),
  },
  'path_signature_invalid: the authority has a new key': {
    certificate: 'rooted',
    authorityFile: 'root.crt.pem',
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'imitator.crt.pem'),
  },
  'certificate_not_trusted: the CA was replaced by a root of another name': {
    certificate: 'of-successor',
    choices: 2,
    fitting: [1],
    authorityFile: 'successor.crt.pem',
    make: () => addNamed(...corp()),
  },
  'path_not_found: the CA was replaced, and only its new intermediate is known': {
    certificate: 'issued',
    choices: 2,
    fitting: [0],
    authorityFile: 'root.crt.pem',
    make: () =>
      addNamed('authority', 'add', 'corp', '--trust-anchor', 'successor.crt.pem', '--intermediate', 'issuing.crt.pem'),
  },
  'path_not_found: the new root was added as an intermediate': {
    certificate: 'of-successor',
    authorityFile: 'successor.crt.pem',
    make: () => addNamed(...corp('successor.crt.pem')),
  },
  path_name_not_permitted: {
    certificate: 'excluded',
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'narrow.crt.pem'),
  },
  'path_name_not_permitted: by a constraint with a leading dot': {
    certificate: 'dotted',
    choices: 2,
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'dot.crt.pem'),
  },
  'revocation_unavailable: the list has ended': {
    certificate: 'rooted',
    make: () => addNamed(...corp(), '--crl', 'file:ended.crl'),
  },
  'revocation_unavailable: the lifetime is too long for noRevAvail': {
    certificate: 'unlisted',
    choices: 2,
    fitting: [1],
    make: () => addNamed(...corp(), '--revocation', 'required', '--accept-no-rev-avail', '3600'),
  },
  'revocation_unavailable: no list is about the intermediate': {
    certificate: 'issued',
    choices: 2,
    fitting: [1],
    make: () => addNamed(...corp('issuing.crt.pem'), '--crl', 'file:issuing.crl'),
  },
  'revocation_unavailable: the list is of another CA': {
    certificate: 'rooted',
    make: () => addNamed(...corp(), '--crl', 'file:issuing.crl'),
  },
  path_authority_unfit: {
    certificate: 'of-careless',
    authorityFile: 'careful.crt.pem',
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'careless.crt.pem'),
  },
  path_certificate_expired: {
    certificate: 'issued',
    authorityFile: 'issuing.crt.pem',
    make: () => addNamed(...corp('issuing-old.crt.pem')),
  },
  revocation_unavailable: {
    certificate: 'rooted',
    make: () => addNamed(...corp(), '--revocation', 'required'),
  },
};

/** What the line alone does not end: it has no whole name of the certificate. */
const onlyByCertificate: ReadonlySet<string> = new Set([
  'certificate_not_trusted: of an authority that does not vouch for anybody of that name',
]);

async function isEndedByOne(choices: ReportedRemedy['choices'], certificate: string, fault: Buffer): Promise<boolean> {
  for (const { commands } of choices) {
    writeFileSync('trust.json', fault);
    // A placeholder that only the owner can fill makes a command that is refused.
    for (const command of commands) await runPrinted(command, certificate).catch(() => undefined);
    if ((await explain(certificate)).code === 'allowed') return true;
  }
  return false;
}

describe('the drill: from the denial to the command that ends it', () => {
  for (const [what, { certificate = 'caller', make, choices = 1, fitting, authorityFile }] of Object.entries(faults)) {
    test(what, async () => {
      const [code] = what.split(':');
      await begin();
      await make();
      const fault = readFileSync('trust.json');
      const denied = await explain(certificate);
      assert.equal(denied.code, code, denied.detail ?? '');
      const { remedy } = denied;
      assert.ok(remedy !== null && remedy.verifyFirst !== '');
      assert.equal(remedy.choices.length, choices, JSON.stringify(remedy));
      if (authorityFile !== undefined) writeFileSync('ca.crt.pem', readFileSync(authorityFile));
      for (const [index, { commands }] of remedy.choices.entries()) {
        if (fitting?.includes(index) === false) continue;
        writeFileSync('trust.json', fault);
        for (const command of commands) await runPrinted(command, certificate);
        const next = await explain(certificate);
        assert.equal(next.code, 'allowed', `${commands.join('\n')}\n${next.detail ?? ''}`);
      }
      writeFileSync('trust.json', fault);
      const line = await writeCallLine(certificate);
      const told = await explainLine(line);
      assert.deepEqual([told.code, told.document], [code, 'same']);
      assert.equal(told.detail, (JSON.parse(line) as { readonly detail: string }).detail);
      const withoutTime = (text = ''): string => text.replace(/ Decided at .*/, '');
      assert.equal(withoutTime(told.remedy?.verifyFirst), withoutTime(remedy.verifyFirst));
      const isEnded = await isEndedByOne(told.remedy?.choices ?? [], certificate, fault);
      assert.equal(isEnded, !onlyByCertificate.has(what), JSON.stringify(told));
    });
  }

  test('the window of a lone pin is mended in one write, with no document in between without it', async () => {
    const newEnd = /^npx --no-install certgate trust set a1 --pin [0-9A-F]{64} --not-after 20\d\d-\S+Z --reason /;
    const noStart = /^npx --no-install certgate trust set a1 --pin [0-9A-F]{64} --not-before none --reason /;
    for (const [words, expected] of [
      [['--certificate', 'caller.crt.pem', '--not-after', past], newEnd],
      [['--public-key-sha256', keySha256, '--not-after', past], newEnd],
      [['--certificate', 'caller.crt.pem', '--not-before', future, '--not-after', '2100-01-01T00:00:00Z'], noStart],
    ] as const) {
      await begin();
      await add('a1', ...words);
      const [command, ...others] = (await explain('caller')).remedy?.choices.flatMap(({ commands }) => commands) ?? [];
      assert.match(command ?? '', expected);
      assert.deepEqual(others, []);
    }
  });

  test('every denial that a command ends is in it', () => {
    const elsewhere = new Set<string>([
      // Of the certificate: only its owner can make another.
      ...['certificate_expired', 'certificate_is_authority', 'certificate_extended_key_usage_unsuitable'],
      ...['certificate_key_usage_unsuitable', 'certificate_key_unsupported', 'certificate_key_too_weak'],
      ...['certificate_critical_extension_unknown'],
      ...['certificate_revoked', 'trust_unavailable'],
    ]);
    const drilled = new Set(Object.keys(faults).map((what) => what.split(':')[0]));
    for (const [code, remedy] of Object.entries(denialRemedies)) {
      assert.equal(typeof remedy !== 'string', drilled.has(code) || elsewhere.has(code), code);
    }
  });

  test('a certificate that has ended with its pin: both are said, and only a new one helps', async () => {
    await begin();
    await add('a1', '--certificate', 'ended.crt.pem', '--even-if-unfit');
    const { code, detail, remedy } = await explain('ended');
    assert.equal(code, 'pin_expired');
    assert.match(detail ?? '', /This pin of "a1" ended at 2025.*The certificate itself has expired too, at 2025/);
    const [choice, ...others] = remedy?.choices ?? [];
    assert.ok(choice !== undefined && others.length === 0);
    assert.match(choice.needs ?? '', /^new\.crt\.pem: the new certificate/);
    writeFileSync('new.crt.pem', readFileSync('caller.crt.pem'));
    for (const command of choice.commands) await runPrinted(command, 'caller');
    assert.equal((await explain('caller')).code, 'allowed');
  });

  test('a document that somebody else signed: the one who vouches for it signs it', async () => {
    await begin();
    await addCaller();
    for (const name of ['signing', 'foreign']) {
      openssl('genpkey', '-algorithm', 'ed25519', '-out', `${name}.key.pem`);
      openssl('pkey', '-in', `${name}.key.pem`, '-pubout', '-out', `${name}.public.pem`);
    }
    await change('sign', '--signing-key', 'foreign.key.pem');
    const foreign = readFileSync('trust.json.sig');
    const { code, remedy } = await explain('caller', '--signed-by', 'signing.public.pem');
    assert.equal(code, 'trust_unavailable');
    const [choice, ...others] = remedy?.choices ?? [];
    assert.ok(choice !== undefined && others.length === 0);
    assert.match(choice.needs ?? '', /^signing\.key\.pem: the private key/);
    for (const command of choice.commands) await runPrinted(command, 'caller');
    assert.equal((await explain('caller', '--signed-by', 'signing.public.pem')).code, 'allowed');
    writeFileSync('trust.json.sig', foreign);
    writeFileSync('app.log', '{"certgate":1,"event":"decision","outcome":"denied","code":"trust_unavailable"}');
    const log = ['trust', 'explain', '--store', store, '--log', 'app.log', '--signed-by', 'signing.public.pem'];
    assert.match((await runInProcess(log)).stdout, /trust sign --signing-key signing\.key\.pem/);
    const words = ['--certificate', 'other.crt.pem', '--function', 'GetOrder', '--signed-by', 'signing.public.pem'];
    const { stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words]);
    assert.match(stdout, /The document is signed: add --signing-key FILE/);
    rmSync('trust.json.sig');
  });

  test('a stranger whom the gate would refuse in any case gets no command', async () => {
    await begin();
    const { code, remedy } = await explain('ended');
    assert.equal(code, 'certificate_not_trusted');
    assert.deepEqual(remedy?.choices, []);
    assert.match(remedy.verifyFirst, /over another channel/);
  });

  test('people see each command in a line of its own, to be copied whole', async () => {
    await begin();
    await addCaller('--not-after', past);
    const { remedy } = await explain('caller');
    const words = ['--certificate', 'caller.crt.pem', '--function', 'GetOrder'];
    const { stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words]);
    const lines = stdout.split('\n').map((line) => line.trim());
    for (const command of remedy?.choices.flatMap(({ commands }) => commands) ?? [])
      assert.ok(lines.includes(command), command);
    assert.ok(lines.some((line) => line.startsWith('Before you run a command: ')));
  });

  test('npx finds the tool of the project, by the whole line', async () => {
    await begin();
    await addCaller();
    await change('disable', 'a1');
    const command = (await explain('caller')).remedy?.choices[0]?.commands[0] ?? '';
    mkdirSync('node_modules/.bin', { recursive: true });
    const bin = fileURLToPath(new URL('../../../../bin/certgate.js', import.meta.url));
    symlinkSync(bin, 'node_modules/.bin/certgate');
    execFileSync('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    assert.equal((await explain('caller')).code, 'allowed');
  });
});
