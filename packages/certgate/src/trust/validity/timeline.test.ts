import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DOMParser } from '@xmldom/xmldom';
import { parseTrustDocument } from '@certgate/core/internal';
import fc from 'fast-check';
import type { TrustView } from '../views/page-views.js';
import { formatTimelinePage } from './timeline-html.js';
import { drawTimeline } from './timeline-svg.js';
import { createTrustView } from './trust-view.js';

const at = Date.UTC(2027, 1, 12);
const options = { months: 18 };

function view(identities: readonly object[]): TrustView {
  const snapshot = parseTrustDocument({ schemaVersion: 1, revision: 1, identities });
  return createTrustView({ store: 'file:trust.json', snapshot, at });
}

/** A strict parser of XML: it refuses what a browser would refuse of a file. It warns of U+FFFD, which is a character. */
function parse(svg: string): NonNullable<ReturnType<DOMParser['parseFromString']>['documentElement']> {
  const faults: string[] = [];
  const parser = new DOMParser({ onError: (level, message) => level !== 'warning' && faults.push(message) });
  const { documentElement } = parser.parseFromString(svg, 'image/svg+xml');
  assert.deepEqual(faults, []);
  assert.ok(documentElement !== null);
  return documentElement;
}

const pin = (index: number, notBefore?: string, notAfter?: string): object => ({
  thumbprintSha256: index.toString(16).padStart(64, '0'),
  ...(notBefore && { notBefore }),
  ...(notAfter && { notAfter }),
});

describe('the picture', () => {
  it('is the same for the same view, and refers to nothing elsewhere', () => {
    const shown = view([
      { name: 'billing', roles: [], pins: [pin(1, '2027-01-01T00:00:00Z', '2027-03-01T00:00:00Z')] },
    ]);
    const svg = drawTimeline(shown, options);
    assert.equal(drawTimeline(shown, options), svg);
    assert.doesNotMatch(svg, /<script|href|src=|@import|url\((?!#)|\bon\w+=/i);
    const root = parse(svg);
    assert.equal(root.getAttribute('role'), 'img');
    assert.match(root.getElementsByTagName('desc').item(0)?.textContent ?? '', /1 identity; .*billing at 2027-03-01/);
  });

  it('has a row for each identity, of one, fifty and a thousand, and grows', () => {
    const heights = [1, 50, 1000].map((count) => {
      const identities = Array.from({ length: count }, (_, index) => ({
        name: `caller-${index}`,
        roles: [],
        pins: [pin(index + 1, undefined, '2028-01-01T00:00:00Z')],
      }));
      const svg = drawTimeline(view(identities), options);
      const root = parse(svg);
      const names = Array.from(root.getElementsByTagName('text'), (text) => text.textContent);
      for (let index = 0; index < count; index += 1) {
        assert.ok(
          names.some((name) => name?.endsWith(`caller-${index}`)),
          `caller-${index}`,
        );
      }
      assert.ok(svg.length < 3000 * count + 10_000, `${svg.length}`);
      return Number(root.getAttribute('height'));
    });
    assert.ok(
      heights.every((height, index) => index === 0 || height > (heights[index - 1] ?? 0)),
      heights.join(),
    );
  });

  it('shows a gap, an overlap and a window beyond the axis', () => {
    const svg = drawTimeline(
      view([
        { name: 'gap', roles: [], pins: [pin(1, '2027-01-01T00:00:00Z', '2027-03-01T00:00:00Z'), pin(2, '2027-04-01T00:00:00Z', '2028-01-01T00:00:00Z')] },
        { name: 'two', roles: [], pins: [pin(3, '2026-12-01T00:00:00Z', '2027-06-01T00:00:00Z'), pin(4, '2027-05-01T00:00:00Z')] },
        { name: 'far', roles: [], pins: [pin(5, '2035-01-01T00:00:00Z')] },
      ]),
      options,
    ); // prettier-ignore
    assert.match(svg, /Nobody is admitted from 2027-03-01 to 2027-04-01/);
    assert.match(svg, /Nobody is admitted from 2028-01-01</);
    assert.match(svg, /class="tt-overlap"[^>]*><title>Two are valid at once/);
    assert.match(svg, /from 2035-01-01 ▸/);
  });

  it('is well-formed, and has no element that a name made, whatever the texts are', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('<script>alert(1)</script>', ']]>', '" onload="alert(1)', '&lt;', '\ufffe\u0000\u202e\ud800', '</style><b>', '</title><script>'),
    ); // prettier-ignore
    const base = view([{ name: 'a', roles: [], pins: [pin(1, undefined, '2027-02-20T00:00:00Z')] }]);
    const expected = count(drawTimeline(replaceTexts(base, 'x'), options));
    const expectedPage = count(formatTimelinePage(replaceTexts(base, 'x'), options));
    fc.assert(
      fc.property(text.filter((each) => each !== '' && each.length < 30), (hostile) => {
        const svg = drawTimeline(replaceTexts(base, hostile), options);
        parse(svg);
        assert.equal(count(svg).script, 0);
        assert.equal(count(svg).polygon, expected.polygon);
        const page = count(formatTimelinePage(replaceTexts(base, hostile), options));
        assert.equal(page.script, 0);
        assert.equal(page.row, expectedPage.row);
        assert.equal(page.style, expectedPage.style);
      }),
    ); // prettier-ignore
  });
});

function count(markup: string): Readonly<Record<'script' | 'polygon' | 'row' | 'style', number>> {
  const of = (name: string): number => markup.match(new RegExp(`<${name}[\\s>]`, 'g'))?.length ?? 0;
  return { script: of('script') + of('b'), polygon: of('polygon'), row: of('tr'), style: of('style') };
}

/** Everything in a view that somebody else wrote. */
function replaceTexts(view: TrustView, text: string): TrustView {
  return {
    ...view,
    store: text,
    locked: text,
    identities: view.identities.map((identity) => ({
      ...identity,
      name: text,
      owner: text,
      roles: [text],
      functions: [text],
      windows: identity.windows.map((window) => ({ ...window, label: text })),
    })),
    denied: [{ label: text, reason: text }],
    warnings: view.warnings.map((warning) => ({ ...warning, subject: text, message: text, command: text })),
  };
}
