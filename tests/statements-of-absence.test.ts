import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { app } from '@azure/functions';
import * as adapter from '@certgate/azure-functions';
import * as core from '@certgate/core/internal';
import * as http from '@certgate/http';
import { root } from './test-support/certgate.js';

// What the documentation says is missing must be missing. A page said for months that CRLs, OCSP and three trust sources
// "are not there", long after they were. So each such statement stands here with a check that fails when the feature
// comes; and a page that says something is missing, in the words below, must be in this list.

interface Absence {
  readonly page: string;
  /** As it stands on the page. */
  readonly statement: string;
  readonly check: () => void;
}

/** What would be the option of the front end that is said not to be read. */
const otherFrontEnds = ['container-apps', 'api-management', 'aws-alb', 'google', 'cloudflare'];

const absences: readonly Absence[] = [
  {
    page: 'docs/when-to-use.md',
    statement: "Certgate doesn't read the headers of Container Apps, API Management and others.",
    check: () => {
      const trustStore = core.trustStoreFromFile('trust.json');
      for (const frontEnd of otherFrontEnds) {
        const options = { trustStore, frontEnd } as unknown as adapter.SecureAppOptions;
        assert.throws(() => {
          adapter.secureApp(app, options);
        }, /frontEnd/);
      }
    },
  },
  {
    page: 'docs/http-hosts.md',
    statement: '`reportOnly` and `observe` are not available here.',
    check: () => {
      assert.deepEqual(
        Object.keys(http).filter((name) => /reportOnly|observe/i.test(name)),
        [],
      );
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: 'No other sources are built in.',
    check: () => {
      const sources = Object.keys(core).filter((name) => name.startsWith('trustStoreFrom'));
      // An address, of trustStoreFrom itself, is a file's, a URL or a blob's.
      const named = ['', 'AppSetting', 'Blob', 'Document', 'File', 'Url'].map((name) => `trustStoreFrom${name}`);
      assert.deepEqual(sources.sort(), named);
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: '**Not yet run on live Azure.**',
    check: () => {
      // What `npm run prove:azure` writes.
      assert.ok(!existsSync(join(root, 'proof', 'results', 'azure.json')));
    },
  },
  {
    page: 'docs/when-to-use.md',
    statement: '| On your laptop | not available, because it is a part of the platform |',
    check: () => {
      // About App Service authentication, not about Certgate: the local gateway doesn't play that part either.
      assert.doesNotMatch(readPage('docs/local-development.md'), /X-MS-CLIENT-PRINCIPAL|Easy Auth/);
    },
  },
];

/** The words in which a page says that something is missing. */
const absenceWords =
  /\b(?:(?:is|are) not (?:there|supported|implemented|built in|read)|(?:is|are)n't (?:supported|implemented|built in)|not yet (?:seen|run|there|supported|possible)|[Nn]o other \w+ (?:is|are)|not (?:there:|available))/g;

describe('what the documentation says is missing', () => {
  for (const { page, statement, check } of absences) {
    it(`${page}: ${statement}`, () => {
      assert.ok(readPage(page).includes(statement), 'The page says it in other words now: change this list with it.');
      check();
    });
  }

  it('is in this list, wherever a page says so', () => {
    const pages = [
      'README.md',
      'SECURITY.md',
      ...readdirSync(join(root, 'docs'))
        .filter(isPage)
        .map((name) => `docs/${name}`),
    ];
    const unlisted = pages.flatMap((page) => {
      const text = readPage(page);
      return [...text.matchAll(absenceWords)]
        .filter(({ index }) => !isListed(page, text, index))
        .map(({ index }) => `${page}: ${text.slice(Math.max(0, index - 80), index + 60)}`);
    });
    assert.deepEqual(unlisted, []);
  });

  it('is, of this version, each point of docs/when-to-use.md', () => {
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

/** Words within a statement are part of it. */
function isListed(page: string, text: string, index: number): boolean {
  return absences.some((absence) => {
    const start = absence.page === page ? text.indexOf(absence.statement) : -1;
    return start !== -1 && index >= start && index <= start + absence.statement.length;
  });
}

function isPage(name: string): boolean {
  return name.endsWith('.md');
}

function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
