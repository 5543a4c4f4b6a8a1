import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { app } from '@azure/functions';
import * as adapter from '@certgate/azure-functions';
import * as core from '@certgate/core/internal';
import * as http from '@certgate/http';
import { root } from './test-support/certgate.js';

// What the documentation says is missing must be missing. A page said for months that CRLs, OCSP and three trust
// sources "are not there", long after they were. So this list has each such statement, with a check that fails when the
// feature is added. A page that says with the words below that something is missing must be in this list.

interface Absence {
  readonly page: string;
  /** The statement exactly as the page has it. */
  readonly statement: string;
  readonly check: () => void;
}

/** Values that `frontEnd` would have if Certgate read these front ends' headers, which the page says it doesn't. */
const otherFrontEnds = ['container-apps', 'api-management', 'front-door', 'aws-alb', 'google', 'cloudflare'];

function expectUnknown(frontEnds: readonly string[]): void {
  const trustStore = core.trustStoreFromFile('trust.json');
  for (const frontEnd of frontEnds) {
    const options = { trustStore, frontEnd } as unknown as adapter.SecureAppOptions;
    assert.throws(() => {
      adapter.secureApp(app, options);
    }, /frontEnd/);
  }
}

const absences: readonly Absence[] = [
  {
    page: 'docs/when-to-use.md',
    statement: "Certgate doesn't read the headers of Container Apps, API Management and others.",
    check: () => {
      expectUnknown(otherFrontEnds);
    },
  },
  {
    page: 'docs/front-ends.md',
    statement: 'Certgate does not support Front Door.',
    check: () => {
      expectUnknown(['front-door', 'azure-front-door', 'frontdoor']);
    },
  },
  {
    page: 'docs/http-hosts.md',
    statement: '[`reportOnly`](errors.md#report-only) and [`observe`](from-function-keys.md) are not available here.',
    check: () => {
      assert.deepEqual(
        Object.keys(http).filter((name) => /reportOnly|observe/i.test(name)),
        [],
      );
    },
  },
  {
    page: 'docs/authorities.md',
    statement: 'Apps read no bundles',
    check: () => {
      assert.deepEqual(
        [...Object.keys(core), ...Object.keys(adapter), ...Object.keys(http)].filter((name) => /bundle/i.test(name)),
        [],
      );
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: 'No other sources are built in.',
    check: () => {
      const sources = Object.keys(core).filter((name) => name.startsWith('trustStoreFrom'));
      // The address that `trustStoreFrom` itself takes names a file, a URL or a blob.
      const named = ['', 'AppSetting', 'Blob', 'Document', 'File', 'Url'].map((name) => `trustStoreFrom${name}`);
      assert.deepEqual(sources.sort(), named);
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: '**Not yet run on live Azure.**',
    check: () => {
      // `npm run prove -- azure` writes this file.
      assert.ok(!existsSync(join(root, 'proof', 'results', 'azure.json')));
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: '| On your laptop | not available, because it is a part of the platform |',
    check: () => {
      // The row is about App Service authentication, not about Certgate. The local gateway doesn't imitate it either.
      assert.doesNotMatch(readPage('docs/local-development.md'), /X-MS-CLIENT-PRINCIPAL|Easy Auth/);
    },
  },
];

interface Claim {
  /** The claim exactly as a page has it. */
  readonly says: string;
  /** The test that proves it: its file, and its title or a part of the title. */
  readonly shownBy: readonly [file: string, title: string];
}

/** What the pages say that Certgate never reads, stores, sends or admits, or only under a condition. */
const claims: readonly Claim[] = [
  {
    says: 'the server stores no secret of the caller',
    shownBy: [
      'packages/core/src/trust-document/document-keys.test.ts',
      'a document with all keys is accepted, and it has all of them',
    ],
  },
  {
    says: 'Certgate accepts a certificate header only from a front end that it knows.',
    shownBy: [
      'packages/azure-functions/src/gate/function-gate.test.ts',
      'a closed handler runs only behind a known front end and for the allowed bytes',
    ],
  },
  {
    says: 'Certgate reads only the headers of the front end that you name.',
    shownBy: ['packages/core/src/front-ends/front-ends.test.ts', 'is read only by its own field names'],
  },
  {
    says: 'do not reach the gate, and some start functions',
    shownBy: ['tests/cli-app-inspect.test.ts', 'names the functions that a webhook starts without a certificate'],
  },
  {
    says: "The app's own port accepts only the gateway",
    shownBy: [
      'packages/local/src/functions-host/http/request-sender.test.ts',
      'without its token the host answers nobody, whatever the request says',
    ],
  },
  {
    says: 'With a blob or a URL, only the app reads the document, and checks make only calls that must be refused.',
    shownBy: [
      'packages/certgate/src/local-app/app-trust.test.ts',
      'checks expect that no caller is admitted if only the app reads the document',
    ],
  },
  {
    says: 'With `signedBy`, an app accepts only documents that your private key has signed.',
    shownBy: [
      'packages/core/src/trust-store/signed-store.test.ts',
      'never gives a document whose signature was not made with its key, whatever the signature is',
    ],
  },
  {
    says: 'CONNECT and TRACE are not supported.',
    shownBy: ['packages/local/src/gateway/exchange/request-refusals.test.ts', 'refused, and nothing behind it read'],
  },
  {
    says: 'Changing the protocol (WebSocket, h2c) is not supported.',
    shownBy: ['packages/local/src/gateway/exchange/request-refusals.test.ts', 'refused, and nothing behind it read'],
  },
  {
    says: 'Only SUCCESS is accepted',
    shownBy: [
      'packages/core/src/front-ends/front-ends.test.ts',
      'is not believed if its result for the certificate is',
    ],
  },
  {
    says: "If a connection string is for another account, the tool refuses it and doesn't send it.",
    shownBy: [
      'packages/certgate/src/trust/administration/blob/blob-credential.test.ts',
      'a credential of another account is not sent',
    ],
  },
  {
    says: 'The lock does not reach:',
    shownBy: [
      'packages/core/src/trust-store/refreshing-store-staleness.test.ts',
      'the last good document is used up to the limit, and not a millisecond longer',
    ],
  },
  {
    says: 'A thumbprint pin admits only the certificate with exactly its bytes',
    shownBy: [
      'packages/core/src/trust-snapshot/signature-twins.test.ts',
      'and by the pin alone only with its exact bytes',
    ],
  },
  {
    says: "sends tokens only to Azure's own storage hosts.",
    shownBy: [
      'packages/core/src/trust-sources/trust-address.test.ts',
      'a blob on a look-alike of an Azure host, without isAzure',
    ],
  },
  {
    says: 'it reads the mirror only while the first place gives no document that it accepts, and uses only a higher `revision`',
    shownBy: [
      'packages/core/src/trust-store/document-mirror.test.ts',
      'the mirror is not read while the first source works',
    ],
  },
  {
    says: '{ roles } }`, which only the gates of its contexts read',
    shownBy: ['tests/http-frameworks.test.ts', 'reads config.certgate of the routes of its contexts and of no others'],
  },
  {
    says: 'Redirects, compressed answers and proxies are not supported',
    shownBy: ['packages/core/src/trust-sources/url-source.test.ts', 'a redirect'],
  },
];

/** Sentences with the same words about clients, other programs or the reader, which are not claims about Certgate. */
const notAboutCertgate: readonly RegExp[] = [
  /(?:caller|client|front end|none\b.*|\.NET) \[?(?:sends no|doesn't send)/,
  /^- The document was never read|[Aa]bsent if the gate read no certificate$/,
  /passes on what the caller sends|the front end does not send the secret|the host sends no key name/,
  /^App Service's access restrictions admit|^- `ca-verified` admits|the extension doesn't read it/,
  /^Only (?:your service may read it|requests cause reads|`Host` is read)/,
  /^(?:Commands that|Apps, and everybody who) only read|^To accept one issuing CA only/,
];

/** The words in which a page says that something is missing. */
const absenceWords =
  /\b(?:(?:is|are) not (?:there|supported|implemented|built in|read)|(?:is|are)n't (?:supported|implemented|built in)|not yet (?:seen|run|there|supported|possible)|[Nn]o other \w+ (?:is|are)|not (?:there:|available))/g;

const deeds = 'read|store|send|contact';
const done = 'read|stored|sent|contacted';

/**
 * The words in which a page says that something is not done. `only` is too common, so it is searched for only together
 * with reading, storing, sending, admitting or accepting, because readers rely on these claims.
 */
const claimWords = new RegExp(
  [
    `\\b(?:(?:do|does) not|don't|doesn't|never) (?:${deeds}|reach)(?:s|es)?\\b`,
    `\\b(?:is|are) never (?:${done}|reached)\\b`,
    `\\b(?:${deeds})s? (?:no|nothing)\\b(?! more)`,
    `\\b(?:(?:${deeds}|admit|accept)s?|(?:is|are) (?:${done}|admitted|accepted))\\b[^.|:]{0,40}(?<![-\\w])only\\b`,
    `(?<![-\\w])[Oo]nly\\b[^.|:]{0,40}\\b(?:(?:${deeds}|admit|accept)s?|(?:is|are) (?:${done}|admitted|accepted))\\b`,
  ].join('|'),
  'g',
);

describe('what the documentation says is not done, or only under a condition', () => {
  const texts = listPages().map((page) => [page, readPage(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '')] as const);

  it('is found by the words that pages use', () => {
    for (const sentence of [
      ...['Certgate does not read it.', 'Apps read no bundles.', 'They never reach the gate.', 'Keys are never read.'],
      ...[
        'It reads only the header.',
        'Pins admit exact bytes only.',
        'Only the header is read.',
        'It stores nothing.',
      ],
    ])
      assert.match(sentence, new RegExp(claimWords.source), sentence);
  });

  for (const { says, shownBy } of claims) {
    it(says, () => {
      const [file, title] = shownBy;
      assert.ok(
        texts.some(([, text]) => text.includes(says)),
        'No page says it in these words: change this list with the page.',
      );
      assert.ok(readPage(file).includes(title), `${file} has no test "${title}".`);
    });
  }

  it('has a test: one in this list, or one that the page names next to it', () => {
    const unshown = texts.flatMap(([page, text]) =>
      [...text.matchAll(claimWords)].flatMap(({ 0: words, index }) => {
        const sentence = getSentence(text, index, index + words.length);
        const isKnown =
          /\.test\.ts\)/.test(getLine(text, index)) ||
          isListed(text, index) ||
          notAboutCertgate.some((pattern) => pattern.test(sentence));
        return isKnown ? [] : `${page}: ${sentence}`;
      }),
    );
    assert.deepEqual(unshown, [], 'Name the test that shows it in `claims`, or correct the page.');
  });
});

describe('what the documentation says is missing', () => {
  for (const { page, statement, check } of absences) {
    it(`${page}: ${statement}`, () => {
      assert.ok(readPage(page).includes(statement), 'The page says it in other words now: change this list with it.');
      check();
    });
  }

  it('is in this list, on whichever page it is', () => {
    const unlisted = listPages().flatMap((page) => {
      const text = readPage(page);
      return [...text.matchAll(absenceWords)]
        .filter(({ index }) => !isListed(text, index))
        .map(({ index }) => `${page}: ${text.slice(Math.max(0, index - 80), index + 60)}`);
    });
    assert.deepEqual(unlisted, []);
  });

  it('includes each limit that docs/when-to-use.md lists for this version', () => {
    const [, points = ''] = readPage('docs/when-to-use.md').split('## Limits of this version of Certgate\n');
    const bullets = points.split('\n').filter((line) => line.startsWith('- '));
    assert.ok(bullets.length >= 3);
    for (const bullet of bullets) {
      assert.ok(
        absences.some(({ page, statement }) => page === 'docs/when-to-use.md' && bullet.includes(statement)),
        `No check stands for: ${bullet}`,
      );
    }
  });
});

/** Whether the words at this place are part of a listed statement. The statement may be on any page. */
function isListed(text: string, index: number): boolean {
  return (
    absences.some(({ statement }) => overlaps(text, statement, index)) ||
    claims.some(({ says }) => overlaps(text, says, index))
  );
}

/** Whether the page has the statement at a place that includes `index`. */
function overlaps(text: string, statement: string, index: number): boolean {
  const start = text.lastIndexOf(statement, index);
  return start !== -1 && index < start + statement.length;
}

function getLine(text: string, index: number): string {
  return text.slice(text.lastIndexOf('\n', index) + 1).split('\n', 1)[0] ?? '';
}

/** The words with the rest of their sentence or table cell, for the test's output. */
function getSentence(text: string, start: number, end: number): string {
  const before =
    text
      .slice(0, start)
      .split(/(?:[.:|](?=\s)|\n)/)
      .at(-1) ?? '';
  const after = text.slice(end).split(/(?:[.:|](?=\s)|\n)/, 1)[0] ?? '';
  return `${before}${text.slice(start, end)}${after}`.trim();
}

function listPages(): readonly string[] {
  const names = readdirSync(join(root, 'docs')).filter(isPage);
  return ['README.md', 'SECURITY.md', ...names.map((name) => `docs/${name}`)];
}

function isPage(name: string): boolean {
  return name.endsWith('.md');
}

function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
