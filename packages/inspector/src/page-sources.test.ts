import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../src/', import.meta.url));
const protocol = '/certgate/src/trust/views/page-views.js';

/** For each folder, the other folders that it may import. Files outside these folders may import all of them. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  parts: [],
  session: ['parts'],
  live: ['parts', 'session'],
  'try-it': ['parts', 'session'],
  trust: ['parts', 'session'],
  certificate: ['parts', 'session'],
};

interface Source {
  readonly path: string;
  readonly text: string;
}

const page: readonly Source[] = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.includes('.test.'))
  .map((path) => ({ path, text: readFileSync(join(sources, path), 'utf8') }));

function listImports({ text }: Source): readonly (readonly [statement: string, specifier: string])[] {
  return [...text.matchAll(/^import [^;]*?from '([^']+)';/gm)].map(([statement, specifier = '']) => [
    statement,
    specifier,
  ]);
}

it('the page imports only Preact, its own files in one direction, and types of the tool', () => {
  assert.ok(page.length > 20);
  for (const source of page) {
    const [room = ''] = source.path.split('/').slice(0, -1);
    for (const [statement, specifier] of listImports(source)) {
      if (specifier === 'preact' || specifier === 'preact/hooks' || specifier.startsWith('./')) continue;
      if (specifier.endsWith(protocol)) assert.match(statement, /^import type /, source.path);
      else assert.ok(rooms[room]?.includes(specifier.split('/')[1] ?? ''), `${source.path} imports ${specifier}`);
    }
  }
});

it('the page parses no text as HTML, and loads nothing from another host', () => {
  const html = readFileSync(join(sources, 'index.html'), 'utf8');
  for (const { path, text } of [...page, { path: 'index.html', text: html }]) {
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacent|DOMParser|document\.write|\beval\(|new Function/i,
      path,
    );
    // Only addresses that the page would load are refused. Addresses in comments may stay.
    assert.doesNotMatch(text, /(?:src|href|fetch\(|import\()\s*=?\s*["'`]https?:/i, path);
  }
  for (const name of readdirSync(join(sources, 'styles'))) {
    assert.doesNotMatch(readFileSync(join(sources, 'styles', name), 'utf8'), /url\(/, name);
  }
});
