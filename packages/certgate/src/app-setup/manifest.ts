import type { FileEdit } from './app-files.js';
import type { FunctionApp } from './function-app.js';
import type { MainPattern } from './main-pattern.js';

/** package.json: `main` that loads the gate first, and a script that runs the app behind the gateway. */
export function planManifest(app: FunctionApp, main: MainPattern, isTypeScript: boolean): readonly FileEdit[] {
  const { manifest, scripts } = app;
  const withMain = main.main === app.main.main ? manifest : manifest.replaceString(['main'], main.main);
  if (Object.values(scripts).some((script) => /\bcertgate dev\b/.test(script))) {
    return app.files.edit(manifest.path, manifest.text, withMain.text);
  }
  // A `dev` script of the app's own stays what it is.
  const name = scripts['dev'] === undefined ? 'dev' : 'dev:certgate';
  const withScripts = manifest.value['scripts'] === undefined ? withMain.addProperty([], 'scripts', {}) : withMain;
  const script = [...buildCommands(app, isTypeScript), 'certgate dev'].join(' && ');
  return app.files.edit(manifest.path, manifest.text, withScripts.addProperty(['scripts'], name, script).text);
}

function buildCommands({ scripts, packageManager }: FunctionApp, isTypeScript: boolean): readonly string[] {
  if (scripts['build'] !== undefined) return [`${packageManager} run build`];
  return isTypeScript ? ['tsc'] : [];
}
