// Copies the Markdown of the repository to where VitePress reads it, and turns links that leave the site into addresses
// of the repository.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeStartPage } from './start-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
export const pagesFolder = join(root, 'site', 'dist', 'pages');
/** One sentence on Certgate, for the start page and for search engines. */
export const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { repository } = JSON.parse(readFileSync(join(root, 'release.json'), 'utf8'));

/** The pages of the site: each one's path in the repository, with its path on the site. */
const pagePaths = new Map([
  ['README.md', 'overview.md'],
  ['SECURITY.md', 'security.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [`docs/${name}`, name]),
]);

/** A link in Markdown, `](target)`, or code, which must be left as it is. */
const linkOrCode = /(^```[\s\S]*?^```$|`[^`\n]*`)|(\]\()([^()\s]+)(\))/gm;

export function writePages() {
  rmSync(pagesFolder, { recursive: true, force: true });
  mkdirSync(pagesFolder, { recursive: true });
  cpSync(join(root, 'docs', 'images'), join(pagesFolder, 'images'), { recursive: true });
  for (const [path, page] of pagePaths) {
    writeFileSync(join(pagesFolder, page), convertLinks(path, readFileSync(join(root, path), 'utf8')));
  }
  const startPage = makeStartPage(readFileSync(join(root, 'README.md'), 'utf8'), description);
  writeFileSync(join(pagesFolder, 'index.md'), convertLinks('README.md', startPage));
  mkdirSync(join(pagesFolder, 'public'));
  writeFileSync(join(pagesFolder, 'public', 'logo.svg'), readMark());
}

/** The inspector's mark, which its page contains as a data URL. */
function readMark() {
  const page = readFileSync(join(root, 'packages', 'inspector', 'src', 'index.html'), 'utf8');
  const [, mark] = /href="data:image\/svg\+xml,([^"]+)"/.exec(page) ?? [];
  if (mark === undefined) throw new Error("The inspector's page has no mark, which is the site's too.");
  return decodeURIComponent(mark);
}

/** The text of a page with its links changed for the site. `path` is the page's path in the repository. */
export function convertLinks(path, text) {
  return text.replace(linkOrCode, (whole, code, before, target, after) =>
    code === undefined ? `${before}${convertTarget(path, target)}${after}` : whole,
  );
}

function convertTarget(path, target) {
  if (target.startsWith('#') || /^[a-z]+:/.test(target)) return target;
  const [file, anchor] = target.split('#');
  const named = posix.normalize(posix.join(dirname(path), file));
  const page = pagePaths.get(named);
  const withAnchor = (address) => (anchor === undefined ? address : `${address}#${anchor}`);
  if (page !== undefined) return withAnchor(`./${page}`);
  if (named.startsWith('docs/images/')) return `./images/${basename(named)}`;
  return withAnchor(`${repository}/${named.endsWith('/') ? 'tree' : 'blob'}/main/${named.replace(/\/$/, '')}`);
}
