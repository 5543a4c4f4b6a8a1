// Replaces the API reports of the packages (packages/*/api) by those of the last build. tests/api-reports.test.ts
// compares them. A change of a report is a change of the public API.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
for (const name of readdirSync(packages)) {
  const [built, committed] = [join(packages, name, 'dist/api'), join(packages, name, 'api')];
  // A package without reports, such as the inspector's page, exports nothing.
  if (!existsSync(built)) continue;
  rmSync(committed, { recursive: true, force: true });
  mkdirSync(committed);
  const reports = readdirSync(built).filter((file) => file.endsWith('.api.md'));
  for (const report of reports) copyFileSync(join(built, report), join(committed, report));
}
