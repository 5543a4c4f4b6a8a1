import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { searchOptions } from '../search-options.mjs';
import { movedPages, sideBar } from '../side-bar.mjs';
import { description, pagesFolder } from '../write-pages.mjs';

const site = fileURLToPath(new URL('..', import.meta.url));
const { repository } = JSON.parse(readFileSync(join(site, '..', 'release.json'), 'utf8'));
// The path of the site below its host. GitHub Pages serves a project's site below the project's name.
const base = process.env['CERTGATE_SITE_BASE'] ?? '/';

export default defineConfig({
  base,
  srcDir: 'dist/pages',
  outDir: 'dist/site',
  cacheDir: 'dist/cache',
  lang: 'en-US',
  title: 'Certgate',
  description,
  // The addresses of pages end without `.html`. GitHub Pages and VitePress's own server find the page anyway.
  cleanUrls: true,
  ignoreDeadLinks: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: `${base}logo.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Codes such as `certificate_missing` break after an underscore or "=" if a table has no room for them.
    config: ({ renderer: { rules } }) => {
      const render = rules.code_inline;
      rules.code_inline = (...given) => render(...given).replace(/[_=](?=\w)/g, '$&<wbr>');
    },
    // Anchors in the form in which GitHub makes them, so that a link leads to the same heading there and here.
    anchor: {
      slugify: (heading) =>
        heading
          .trim()
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .replace(/\s/gu, '-'),
    },
  },
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local', options: { miniSearch: searchOptions } },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repository }],
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Errors', link: '/errors' },
      { text: 'What is proven', link: '/proven' },
    ],
    sidebar: sideBar.map(({ title, pages: names }) => ({
      text: title,
      items: names.map((name) => ({ text: readTitle(name), link: `/${name.replace(/index$/, '')}` })),
    })),
    docFooter: { prev: false, next: false },
  },
  buildEnd: ({ outDir }) => {
    for (const [from, to] of Object.entries(movedPages))
      writeRedirect(outDir, from, `${base}${to.replace(/index$/, '')}`);
  },
});

/** The page's first heading, or a name for the reference and for README. */
function readTitle(name) {
  const path = join(pagesFolder, `${name}.md`);
  if (!existsSync(path)) throw new Error(`site/side-bar.mjs names the page ${name}, which is not there.`);
  if (name === 'api/index') return 'API';
  if (name === 'overview') return 'Overview';
  return /^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1].replace(/`/g, '') ?? name;
}

/** Writes a page that redirects to another one, because GitHub Pages has no redirects of its own. */
function writeRedirect(outDir, from, to) {
  const path = join(outDir, `${from}.html`);
  writeFileSync(
    path,
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Moved</title><meta http-equiv="refresh" content="0; url=${to}"><link rel="canonical" href="${to}"></head><body><p>This page has moved to <a href="${to}">${to}</a>.</p></body></html>\n`,
  );
}
