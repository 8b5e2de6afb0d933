/** A JSON Schema of configs, for editors that complete keys and check them as one types. */
import type { NumberRange, OptionSpec, OptionTable, Switch } from "./option_types.ts";
import { portedArguments } from "./ported_options.ts";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema (draft-07, which editors know best) of a config with these options: the type, range, default and help
 * of each, its other spellings, and the arguments of Hugging Face that are taken without effect. Keys stand in
 * snake_case; a run takes the other spellings too. What options ask of one another is checked when a run starts.
 */
export function configSchema(title: string, table: OptionTable): Schema {
  const properties: Record<string, Schema> = {
    $schema: { description: "where this schema lies" },
  };
  for (const [name, spec] of Object.entries(table)) {
    const fixed = spec.default === undefined ? {} : { default: spec.default };
    properties[name] = { description: describe(spec), ...fixed, ...valueSchema(spec) };
    for (const alias of spec.aliases ?? []) {
      properties[alias] = { description: `the same as ${name}`, deprecated: true, ...valueSchema(spec) };
    }
    for (const [other, values] of Object.entries(spec.switches ?? {})) {
      properties[other] = { description: `sets ${name}`, deprecated: true, enum: switchValues(values) };
    }
  }
  for (const [name, { idle }] of Object.entries(portedArguments)) {
    const description = "taken, and without effect";
    properties[name] ??= { description, ...(idle !== "any" && { enum: [...idle, null] }) };
  }
  const draft = "http://json-schema.org/draft-07/schema#";
  return { $schema: draft, title, type: "object", properties, additionalProperties: false };
}

function describe({ help, shownDefault }: OptionSpec): string {
  return shownDefault === undefined ? help : `${help} (default: ${shownDefault})`;
}

function switchValues(values: Switch): unknown[] {
  return Object.hasOwn(values, "true") ? [true, false, null] : [...Object.keys(values), null];
}

/** null stands for "not given" everywhere. */
function valueSchema(spec: OptionSpec): Schema {
  switch (spec.type) {
    case "bool":
      return { type: ["boolean", "null"] };
    case "enum":
      return { enum: [...spec.choices, null] };
    case "object":
      return { type: ["object", "null"] };
    case "int":
    case "float":
      return { anyOf: [...numberSchemas(spec), { type: "null" }] };
    case "list":
      return { anyOf: [...listSchemas(spec), { type: "null" }] };
    case "string": {
      if (spec.pattern) return { type: ["string", "null"], pattern: spec.pattern.source };
      // A number without quotes is text: a column's index.
      const types = ["string", "number", ...(spec.orBool ? ["boolean"] : []), "null"];
      return { type: types, minLength: 1 };
    }
  }
}

function numberSchemas(spec: NumberRange & { type: "int" | "float" }): Schema[] {
  const { min, above, max, below, orElse, wholeFrom } = spec;
  const range = {
    ...(min !== undefined && { minimum: min }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(max !== undefined && { maximum: max }),
    ...(below !== undefined && { exclusiveMaximum: below }),
  };
  const schemas: Schema[] =
    wholeFrom === undefined
      ? [{ type: spec.type === "int" ? "integer" : "number", ...range }]
      : [
          { type: "integer", ...range },
          { type: "number", ...range, exclusiveMaximum: wholeFrom },
        ];
  return orElse === undefined ? schemas : [...schemas, { const: orElse }];
}

function listSchemas(spec: OptionSpec & { type: "list" }): Schema[] {
  if ("choices" in spec) {
    const words = Object.keys(spec.words);
    const alone = [...spec.choices, ...words, ...words.map((word) => [word])];
    return [{ enum: alone }, { type: "array", items: { enum: spec.choices } }];
  }
  const name = { type: "string", minLength: 1 };
  return [name, { type: "array", items: name, minItems: 1 }];
}
