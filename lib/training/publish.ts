/** A run's uploads to the hub: whether they can be made, and under which name. */
import { basename, resolve } from "node:path";
import { parseRepoId } from "../hub/hub_cache.ts";
import { hubToken, isOffline } from "../hub/settings.ts";
import { pushToHub } from "../hub/upload.ts";
import { TorchnerError } from "../native/errors.ts";
import type { TrainingArguments } from "./arguments.ts";

export interface Published {
  /** The repository's page. */
  url: string;
  commit: string;
}

type HubArguments = Pick<TrainingArguments, "outputDir" | "hubModelId" | "hubPrivateRepo">;

/** Why nothing can be uploaded from here, to follow an option's name; undefined where it can be tried. */
export function uploadObstacle(): string | undefined {
  if (isOffline()) return "cannot upload while HF_HUB_OFFLINE is set; unset it";
  if (hubToken()) return undefined;
  return "needs an access token that may write; set HF_TOKEN, or log in with `hf auth login`";
}

/**
 * Called before a run that is to be uploaded, which should not find it out after hours.
 * @throws {TorchnerError} `EENV` offline or without a token, `EARG` where the repository's name is none for the hub.
 */
export function checkUpload(args: HubArguments): void {
  const obstacle = uploadObstacle();
  if (obstacle) throw new TorchnerError("EENV", `pushToHub (--push-to-hub) ${obstacle}.`);
  if (parseRepoId("model", repoId(args))) return;
  const what = args.hubModelId === undefined ? "the output folder is called" : "hubModelId is";
  throw new TorchnerError(
    "EARG",
    `pushToHub (--push-to-hub): ${what} ${JSON.stringify(repoId(args))}, which is no name for a repository; give ` +
      "ORG/NAME as hubModelId (--hub-model-id).",
  );
}

/** Uploads the model folder `folder`, into the repository of the run's arguments. */
export function publish(
  folder: string,
  args: HubArguments,
  { commitMessage, log }: { commitMessage?: string; log: (line: string) => void },
): Promise<Published> {
  return pushToHub(folder, { repoId: repoId(args), private: args.hubPrivateRepo, commitMessage, log });
}

/** As in transformers, the output folder's own name, for the token's owner. */
function repoId({ hubModelId, outputDir }: HubArguments): string {
  return hubModelId ?? basename(resolve(outputDir));
}
