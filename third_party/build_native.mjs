/** `npm run build:native`: libtorch and the addon alone, without TypeScript. */
import { logToStderr, setup } from "./setup.mjs";

const { addon, done } = await setup();
logToStderr(done.length > 0 ? `built ${addon}` : `${addon} is up to date`);
