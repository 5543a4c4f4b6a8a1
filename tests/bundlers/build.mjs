// Bundles a file for each message: { bundler: 'esbuild', entry: 'http.mjs', outfile: 'out/http.cjs', … }. Answers with the
// warnings and errors as one text. One process makes all bundles, because it takes longer to load a bundler than to bundle.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createRequire } from 'node:module';

/** The Functions host supplies these modules at run time. */
const external = ['@azure/functions-core'];
const bundlers = { esbuild, webpack, rspack, rollup, ncc, nft };
let texts = [];
process.stderr.write = (text) => texts.push(String(text)) > 0;
// Node.js writes its own warnings past `process.stderr`.
process.on('warning', ({ stack }) => texts.push(stack));
/** One after the other, so that each gets its own warnings. */
let last = Promise.resolve();
process.on('message', (options) => (last = last.then(() => build(options))));

async function build({ bundler, ...options }) {
  try {
    mkdirSync(dirname(options.outfile), { recursive: true });
    await bundlers[bundler]({ isModule: options.outfile.endsWith('.mjs'), ...options });
  } catch (error) {
    texts.push(error.stack);
  }
  // Node.js emits warnings later.
  await new Promise(setImmediate);
  process.send(texts.join(''));
  texts = [];
}

async function esbuild({ entry, outfile, isModule, conditions, platform = 'node', banner = false }) {
  const { build } = await import('esbuild');
  const { warnings } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform,
    format: isModule ? 'esm' : 'cjs',
    logLevel: 'silent',
    external: [...external, ...(platform === 'neutral' ? ['node:*'] : [])],
    ...(conditions !== undefined && { conditions }),
    ...(banner && {
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  });
  for (const { text } of warnings) console.error(text);
}

async function webpack(options) {
  await buildLikeWebpack((await import('webpack')).default, options);
}

async function rspack(options) {
  await buildLikeWebpack((await import('@rspack/core')).rspack, options);
}

async function buildLikeWebpack(build, options) {
  const { entry, outfile, isModule, mode = 'production', conditionNames, minimize = false } = options;
  const target = resolve(outfile);
  const stats = await new Promise((done, fail) => {
    build(
      {
        entry: resolve(entry),
        mode,
        target: 'node20',
        devtool: false,
        ...(isModule && { experiments: { outputModule: true } }),
        optimization: { minimize },
        externals: Object.fromEntries(external.map((name) => [name, isModule ? `module ${name}` : `commonjs ${name}`])),
        output: {
          path: dirname(target),
          filename: basename(target),
          library: { type: isModule ? 'module' : 'commonjs2' },
        },
        ...(conditionNames !== undefined && { resolve: { conditionNames } }),
      },
      (error, result) => (error ? fail(error) : done(result)),
    );
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  for (const { message } of [...errors, ...warnings]) console.error(message);
}

async function rollup({ entry, outfile, isModule, exportConditions }) {
  const [{ rollup: build }, { default: nodeResolve }, { default: commonjs }, { default: json }] = await Promise.all([
    import('rollup'),
    import('@rollup/plugin-node-resolve'),
    import('@rollup/plugin-commonjs'),
    import('@rollup/plugin-json'),
  ]);
  const bundle = await build({
    input: entry,
    external,
    plugins: [
      nodeResolve({ preferBuiltins: true, ...(exportConditions !== undefined && { exportConditions }) }),
      commonjs({ ignoreDynamicRequires: true }),
      json(),
    ],
    onwarn: ({ code, message, ids = [] }) => {
      // @azure/functions has circular imports of its own.
      if (code !== 'CIRCULAR_DEPENDENCY' || ids.some((id) => id.includes('certgate'))) console.error(message);
    },
  });
  await bundle.write({ file: outfile, format: isModule ? 'es' : 'cjs' });
}

async function ncc({ entry, outfile }) {
  const build = createRequire(import.meta.url)('@vercel/ncc');
  const { code, assets } = await build(resolve(entry), { externals: external, quiet: true });
  writeFileSync(outfile, code);
  for (const [name, { source }] of Object.entries(assets)) {
    mkdirSync(dirname(join(dirname(outfile), name)), { recursive: true });
    writeFileSync(join(dirname(outfile), name), source);
  }
}

/** Copies the entry and the files that it needs into the folder of `outfile`, under the same paths. */
async function nft({ entry, outfile }) {
  const { nodeFileTrace } = await import('@vercel/nft');
  const { fileList } = await nodeFileTrace([entry], { base: process.cwd() });
  for (const file of fileList) cpSync(file, join(dirname(outfile), file));
}
