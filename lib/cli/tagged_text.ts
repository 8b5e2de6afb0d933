import type { EntityGroup, TokenEntity } from "../pipeline/aggregation.ts";
import type { Paint } from "./terminal.ts";

/** `[George Washington](PER 0.99) lived in [Virginia](LOC 0.98).`: the text with its entities marked in place. */
export function taggedText(
  text: string,
  entities: readonly (EntityGroup | TokenEntity)[],
  paint: Paint,
): string {
  let out = "";
  let end = 0;
  for (const entity of entities) {
    const label = "entity" in entity ? entity.entity : entity.entity_group;
    const marked = `${paint("bold", `[${text.slice(entity.start, entity.end)}]`)}${paint("cyan", `(${label} ${entity.score.toFixed(2)})`)}`;
    out += text.slice(end, entity.start) + marked;
    end = entity.end;
  }
  return out + text.slice(end);
}
