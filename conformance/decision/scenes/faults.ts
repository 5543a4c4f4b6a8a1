import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GateUnderTest, loadGate } from './gate.js';

/** A fault to put into the gate: texts of its compiled files, each with its replacement. */
export interface Fault {
  readonly name: string;
  readonly changes: readonly (readonly [file: string, text: string, replacement: string])[];
  /** The first seed of the scenes to try, a little before one that notices the fault. Default: 1. */
  readonly seed?: number;
}

const path = 'x509/dist/path.cjs';

export const faults: readonly Fault[] = [
  {
    name: 'a memory without a version',
    seed: 50,
    changes: [
      [
        'core/dist/esm/access/decision-memory.js',
        'entry.text !== text || entry.version !== version',
        'entry.text !== text',
      ],
    ],
  },
  {
    name: 'a memory without an end',
    seed: 570,
    changes: [
      [
        'core/dist/esm/access/decision-memory.js',
        'return now >= entry.validFrom && now < entry.validUntil ? entry.identity : undefined',
        'return entry.identity',
      ],
    ],
  },
  {
    name: 'pins of twins that are ignored',
    changes: [
      [
        'core/dist/esm/trust-snapshot/find-in-snapshot.js',
        'function findPinsOfTwin(snapshot, certificate, own) {',
        '$& return noPins;',
      ],
    ],
  },
  {
    name: 'a deny list without twins',
    seed: 45,
    changes: [
      [
        'core/dist/esm/trust-snapshot/deny-list.js',
        'listTwins(certificate).flatMap(({ thumbprintSha256 }) => thumbprintsSha256.get(thumbprintSha256) ?? [])[0]',
        'undefined',
      ],
    ],
  },
  {
    name: 'a store that is unavailable, and ignored',
    seed: 20,
    changes: [['core/dist/esm/trust-store/combine-findings.js', " || finding.outcome === 'unavailable';", ';']],
  },
  {
    name: 'roles of two stores, merged',
    changes: [
      ['core/dist/esm/trust-store/combine-findings.js', 'isSameSet(one.roles, other.roles) &&', ''],
      [
        'core/dist/esm/trust-store/combine-findings.js',
        '        ...first,',
        '        ...first, identity: { ...first.identity, roles: found.flatMap(({ identity }) => identity.roles) },',
      ],
    ],
  },
  {
    name: 'a grace period of a pin without an end',
    seed: 375,
    changes: [['core/dist/esm/trust-snapshot/client-auth-grace.js', 'now >= since && now < until', 'now >= since']],
  },
  {
    name: 'a grace period of a list without an end',
    seed: 535,
    changes: [[path, 'nextUpdate+question.graceMilliseconds', '(question.graceMilliseconds>0?1/0:nextUpdate)']],
  },
  {
    name: 'revocations that are forgotten when a list or a delta is replaced',
    seed: 890,
    changes: [
      [
        'core/dist/esm/trust-store/kept-lists.js',
        'const after = all.filter((list, index) => !isDisplaced(list, index))',
        'const after = [crl]',
      ],
    ],
  },
  {
    name: 'lists that take their place by the name of the CA alone',
    seed: 62,
    changes: [['core/dist/esm/trust-store/kept-lists.js', 'toHex(publicKey), ', '']],
  },
  {
    name: 'an authority that is free of revocation under another name',
    seed: 520,
    changes: [
      [
        'core/dist/esm/trust-store/revocation-keeper.js',
        'isRequiredByCode: this.#isRequiredByCode(authority)',
        'isRequiredByCode: this.#isNamedInCode(authority)',
      ],
    ],
  },
  {
    name: 'lists that clear, also without a valid signer',
    seed: 580,
    changes: [[path, 'mayClear:found.isValid&&', 'mayClear:']],
  },
  {
    name: 'revocations that end with the signer of their list',
    changes: [[path, 'former&&{signer:former,isValid:!1}', 'void 0']],
  },
  {
    name: 'lists that speak by the name of the CA alone',
    seed: 590,
    changes: [[path, '.filter(statement=>isOfIssuingKey(statement,question))', '']],
  },
  {
    name: 'a document for other apps, and taken',
    changes: [
      [
        'core/dist/esm/trust-document/parse-document.js',
        '!audience.some((name) => name.toLowerCase() === app.toLowerCase())',
        'false',
      ],
    ],
  },
  {
    name: 'a document that anybody signed',
    changes: [
      ['core/dist/esm/trust-sources/document-signature.js', "if (verdict === 'fits')", "if (verdict !== 'absent')"],
    ],
  },
  {
    name: 'a CA that came with a caller, of which nothing is known',
    changes: [[path, 'path.certificates.some(certificate=>candidates.includes(certificate))', 'false']],
  },
  {
    name: 'a deny list that is not asked about what came with a caller',
    seed: 265,
    changes: [
      [
        'core/dist/esm/trust-snapshot/issued-match.js',
        'findDeniedIssued(denying, certificate, presented.candidates)',
        '(candidates.includes(certificate) ? undefined : $&)',
      ],
    ],
  },
];

const packages = fileURLToPath(new URL('../../../../packages/', import.meta.url));

/**
 * Loads a copy of the compiled packages with the fault in it, from a folder below dist. Throws unless each text is
 * there exactly once.
 */
export async function loadFaultyGate({ name, changes }: Fault): Promise<GateUnderTest> {
  const folder = fileURLToPath(new URL(`../faults/${name.replaceAll(/\W+/g, '-')}/`, import.meta.url));
  const modules = `${folder}node_modules/@certgate/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  // Core loads the bundles of x509, so its other files are not copied.
  const isNeeded = (file: string): boolean =>
    !/\.(?:map|d\.[cm]?ts|test\.js)$|test-support|\.tsbuildinfo$|x509.dist.(?:api|bundler|esm)$/.test(file);
  for (const file of ['core/dist/esm', 'core/package.json', 'x509/dist', 'x509/package.json'])
    cpSync(`${packages}${file}`, `${modules}${file}`, { recursive: true, filter: isNeeded });
  for (const [file, text, replacement] of changes) {
    // Published files may have a line break at any place where the language allows one.
    const pattern = new RegExp(
      text
        .split('')
        .map((each) => each.replace(/[$()*+.?[\\\]^{|}]/, '\\$&'))
        .join('\n?'),
      'u',
    );
    const [before, after, ...others] = readFileSync(`${modules}${file}`, 'utf8').split(pattern);
    if (before === undefined || after === undefined || others.length > 0)
      throw new Error(`${file} does not have this once: ${text}`);
    writeFileSync(`${modules}${file}`, before + replacement.replace('$&', text) + after);
  }
  return loadGate(new URL(`file://${modules}core/dist/esm/`));
}
