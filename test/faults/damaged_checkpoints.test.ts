/** Files of a checkpoint, changed by chance: none is taken for whole, and a reader that meets one all the same endures it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { readCheckpoint, type StoredRun } from "../../lib/training/checkpoint.ts";
import { MANIFEST, verifyCheckpoint } from "../../lib/training/manifest.ts";
import { checkpointFault, findResumePoint } from "../../lib/training/resume.ts";
import { damage, mutations } from "./mutations.ts";
import { describeWithAddon, isFull, TinyRuns } from "./tiny_runs.ts";

const long = 7_200_000;
const runs = new TinyRuns();
afterAll(() => runs.remove());
const folder = runs.at("run", "checkpoint-4");

/** Makes the manifest say of a file what the file is now. */
function reseal(path: string): void {
  const { checksum: _, ...manifest } = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
  const hash = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");
  manifest.files[basename(path)] = { bytes: statSync(path).size, sha256: hash(readFileSync(path)) };
  const sealed = { ...manifest, checksum: hash(JSON.stringify(manifest)) };
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(sealed, null, 2)}\n`);
}

describeWithAddon("a checkpoint's file", () => {
  beforeAll(async () => {
    expect(await runs.run(runs.arguments("run", 4))).toMatchObject({ code: 0 });
  });

  // To take the checkpoint before means to read all of it too, which is done at every tenth change.
  test(
    "is told when it was changed, and the checkpoint before is taken",
    async () => {
      const names = readdirSync(folder);
      expect(names).toContain("optimizer.safetensors");
      for (const name of names) {
        const path = join(folder, name);
        const whole = readFileSync(path);
        let changes = 0;
        await damage(path, {
          name: `checkpoint's ${name}`,
          count: isFull ? mutations : 20, // of each of its files
          refusals: [],
          async read() {
            const fault = await verifyCheckpoint(folder).then(() => undefined, checkpointFault);
            const notes: string[] = [];
            if (changes++ % 10 > 0) return { fault, notes };
            return {
              fault,
              notes,
              found: await findResumePoint("auto", runs.at("run"), (line) => notes.push(line)),
            };
          },
          check({ fault, notes, found }: { fault?: string; notes: string[]; found?: StoredRun }) {
            const same = readFileSync(path).equals(whole);
            if (same) expect([fault, notes]).toEqual([undefined, []]);
            else expect(fault).toContain(name);
            if (!found) return;
            expect(found.state.globalStep).toBe(same ? 4 : 2);
            if (!same) expect(notes[0]).toBe(fault);
          },
        });
      }
    },
    long,
  );

  // No accident does that; but then nothing stands before the readers any more.
  test(
    "is refused or read where the manifest was made to fit it",
    async () => {
      const manifest = readFileSync(join(folder, MANIFEST));
      using model = await AutoModelForTokenClassification.fromPretrained(folder);
      using optimizer = new AdamW(model);
      const path = join(folder, "optimizer.safetensors");
      const size = statSync(path).size;
      const again = runs.at("again.safetensors");
      const found = await damage(path, {
        ...{ name: "optimizer.safetensors, resealed", refusals: ["ECHECKPOINT"] },
        async read() {
          reseal(path);
          const stored = await readCheckpoint(folder);
          await optimizer.load(stored.optimizerPath);
        },
        async check() {
          await optimizer.save(again);
          expect(statSync(again).size).toBe(size);
        },
      });
      expect(found.refused).toBeGreaterThan(mutations / 2);
      writeFileSync(join(folder, MANIFEST), manifest);
    },
    long,
  );
});
