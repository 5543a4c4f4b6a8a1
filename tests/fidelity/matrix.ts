import type { Row } from './row.js';
import { answers } from './rows/answers.js';
import { constraints } from './rows/constraints.js';
import { hooks } from './rows/hooks.js';
import { mcp } from './rows/mcp.js';
import { requests } from './rows/requests.js';
import { routes } from './rows/routes.js';

export const matrix: readonly Row[] = [...routes, ...constraints, ...requests, ...answers, ...hooks, ...mcp];
