// The API reference as Markdown, for the site: what `typedoc.json` checks, less the internal entries.
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
  // VitePress numbers headings of one name in another way.
  useHTMLAnchors: true,
  anchorPrefix: 'api-',
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  sanitizeComments: true,
  // A part of what `npm run lint -- reference` checks.
  validation: false,
  treatWarningsAsErrors: false,
};

/** As an `import` names them; TypeDoc takes the files' paths. */
function nameEntries(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const entry of project.children ?? []) {
      const [name, , file] = entry.name.split('/');
      const whole = name === 'certgate' ? name : `@certgate/${name}`;
      entry.name = file === undefined ? whole : `${whole}/${file}`;
    }
  });
}
