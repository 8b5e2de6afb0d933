/**
 * Runs before `npm start` and `npm test`: does what a fresh clone lacks and nothing that is there. Exit status
 * 4 when the machine lacks something, as for every command of torchner.
 */

import { presentLibtorch } from "./libtorch.mjs";
import { installNodeModules, nodeModulesAreCurrent } from "./node_modules.mjs";
import { requirePrerequisites } from "./prerequisites.mjs";
import { SetupError, setup } from "./setup.mjs";
import { stage } from "./stage.mjs";
import { compileTypescript, typescriptIsCurrent } from "./typescript.mjs";

async function bootstrap() {
  if (!nodeModulesAreCurrent()) {
    // All at once and first: nobody wants to install a compiler after minutes of downloads.
    await requirePrerequisites({ python: !(await presentLibtorch({ log: () => {} })) });
    await stage("installing the npm packages", nodeModulesAreCurrent, installNodeModules);
  }
  await setup();
  await stage("compiling TypeScript", typescriptIsCurrent, compileTypescript);
}

try {
  await bootstrap();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 4;
}
