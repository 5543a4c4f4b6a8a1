// Makes the API reference for the site as Markdown: the entries that `typedoc.json` checks, without the internal ones.
import { fileURLToPath } from 'node:url';

const entries = {
  'azure-functions': ['index', 'testing', 'opentelemetry'],
  http: ['index', 'opentelemetry'],
  certgate: ['index'],
  core: ['index'],
  x509: ['index', 'path'],
};

export default {
  extends: [fileURLToPath(new URL('typedoc.json', import.meta.url))],
  plugin: ['typedoc-plugin-markdown', nameEntries],
  entryPoints: Object.entries(entries).flatMap(([name, files]) =>
    files.map((file) => fileURLToPath(new URL(`../packages/${name}/src/${file}.ts`, import.meta.url))),
  ),
  out: fileURLToPath(new URL('../site/dist/pages/api', import.meta.url)),
  entryFileName: 'index',
  outputFileStrategy: 'modules',
  excludeScopesInPaths: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  pageTitleTemplates: { index: () => 'API reference', module: ({ name }) => `\`${name}\`` },
  // VitePress would number headings with the same name in another way.
  useHTMLAnchors: true,
  anchorPrefix: 'api-',
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  // With these two columns, the descriptions would have no room.
  tableColumnSettings: { hideInherited: true, hideOverrides: true },
  sanitizeComments: true,
  // `npm run lint -- reference` already checks this.
  validation: false,
  treatWarningsAsErrors: false,
};

/** Names the entries as an `import` does. TypeDoc names them by the paths of their files. */
function nameEntries(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const entry of project.children ?? []) {
      const [name, , file] = entry.name.split('/');
      const whole = name === 'certgate' ? name : `@certgate/${name}`;
      entry.name = file === undefined ? whole : `${whole}/${file}`;
    }
  });
}
