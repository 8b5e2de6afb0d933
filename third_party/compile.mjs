/** `npm run compile`, and before `npm pack`: `lib` into `dist`, whether or not it changed. */
import { compileTypescript } from "./typescript.mjs";

await compileTypescript();
