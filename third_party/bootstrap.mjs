/**
 * Runs before `npm start` and `npm test`: does what a fresh clone lacks and nothing that is there. Exit status
 * 4 when the machine lacks something, as for every command of torchner.
 */

import { presentLibtorch } from "./libtorch.mjs";
import { withLock } from "./lock.mjs";
import { installNodeModules, nodeModulesAreCurrent } from "./node_modules.mjs";
import { requirePrerequisites } from "./prerequisites.mjs";
import { logToStderr, SetupError, setup } from "./setup.mjs";
import { compileTypescript, typescriptIsCurrent } from "./typescript.mjs";

async function bootstrap() {
  if (!nodeModulesAreCurrent()) {
    // All at once and first: nobody wants to install a compiler after minutes of downloads.
    await requirePrerequisites({ python: !(await presentLibtorch({ log: () => {} })) });
    await withLock(logToStderr, () =>
      stage("installing the npm packages", nodeModulesAreCurrent, installNodeModules),
    );
  }
  await setup();
  if (!typescriptIsCurrent())
    await withLock(logToStderr, () => stage("compiling TypeScript", typescriptIsCurrent, compileTypescript));
}

/**
 * @param {string} name
 * @param {() => boolean} isDone  asked again, since another process may have held the lock
 * @param {() => Promise<void>} work
 */
async function stage(name, isDone, work) {
  if (isDone()) return;
  logToStderr(name);
  const start = performance.now();
  await work();
  logToStderr(`${name} took ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

try {
  await bootstrap();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 4;
}
