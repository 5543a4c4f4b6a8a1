// Builds the page of packages/inspector into the tool: packages/certgate/dist/inspector-page/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeIfChanged } from './bundle.mjs';

/** The first versions of browsers that know `light-dark()` in CSS. */
const browsers = ['chrome123', 'firefox120', 'safari17.5'];

export async function buildInspectorPage(root) {
  const source = join(root, 'packages', 'inspector', 'src');
  const target = join(root, 'packages', 'certgate', 'dist', 'inspector-page');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: join(source, 'main.tsx'), out: 'inspector' },
      { in: join(source, 'styles', 'inspector.css'), out: 'inspector' },
    ],
    outdir: target,
    bundle: true,
    minify: true,
    format: 'esm',
    target: browsers,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // The paths in the workspace's tsconfig lead to other packages, from which the page imports only types.
    tsconfigRaw: {},
    charset: 'utf8',
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
  const notices = readNotices(root, Object.keys(metafile.inputs));
  for (const { path, text } of outputFiles) writeIfChanged(path, path.endsWith('.js') ? `${notices}${text}` : text);
  writeIfChanged(join(target, 'index.html'), readFileSync(join(source, 'index.html'), 'utf8'));
}

/**
 * The license notices of the packages in the bundle. Their files have no legal comment, but their license requires its
 * notice in every copy.
 */
function readNotices(root, inputs) {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => readNotice(join(root, folder))).join('');
}

function readNotice(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `/*! Contains ${name} ${version}.\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n*/\n`;
}
