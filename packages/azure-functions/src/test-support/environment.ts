import type { TestContext } from 'node:test';

const machine = process.env;

/** Replaces the whole environment, because this machine's own must not affect a test. */
export function setEnvironment(context: TestContext, environment: Readonly<Record<string, string>>): void {
  // A plain object, like the worker's own when a placeholder becomes an app.
  process.env = { ...environment };
  context.after(() => {
    process.env = machine;
  });
}

export const appService: Readonly<Record<string, string>> = Object.freeze({ WEBSITE_INSTANCE_ID: 'a1b2' });
export const development: Readonly<Record<string, string>> = Object.freeze({
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
  WEBSITE_HOSTNAME: 'localhost:7071',
});
